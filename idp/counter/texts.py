"""What the pages of the counter say, by the word that the services and addresses use."""

from idp.counter.model import Disclosure, Hindrance, Papers
from idp.infrastructure.translations import mark as _

REFUSALS: dict[str, str] = {
    Hindrance.CERTIFICATE_KNOWN: _(
        "这个证件号码已有账号，不用再登记。请按下面的情况继续，查找时输入这个证件号码。"
    ),
    Hindrance.PHONE_TAKEN: _("这个手机号已属于另一个账号。请先在“账号处理”中把它从原账号解除。"),
    Hindrance.CLOSED: _("这个账号现在不能使用，请先在“账号处理”中查看。"),
    Hindrance.OWN_ACCOUNT: _("不能为自己办理，请另一位工作人员来办。"),
    Hindrance.OTHER_CERTIFICATE: _("证件号码与这个账号登记的不一致。"),
    Hindrance.NEVER_VERIFIED: _("这个账号没有登记过证件，无法在窗口核对本人，不能找回。"),
    Hindrance.NOT_YOURS: _(
        "不能复核：须由与此事无关的另一位工作人员当天复核，且还没有人处理过。有的事项其中一人须是值班主管。"
    ),
    Hindrance.ALREADY_OPEN: _(
        "没有提交：这个账号已有一项同类申请等待复核。请先到“复核”里办结、退回或撤回那一项。"
    ),
    Hindrance.NAME_DIFFERS: _(
        "没有复核：申请与登记的信息不一致。请核对后勾选“我已核对，确是同一人”，或退回。"
    ),
    Hindrance.WHY: _("请选择查看完整证件号码的原因。"),
    Hindrance.TYPED_NAME: _("输入的姓名与账号登记的姓名不一致，没有提交。请核对是不是这个人。"),
    Hindrance.DECIDED: _("这项申请已经有人处理过，或者不能由您处理。"),
    Hindrance.ALREADY_VERIFIED: _(
        "这个证件已在另一个账号上实名，或账号已用其他证件实名。请由值班主管合并账号。"
    ),
    Hindrance.NOT_FOUND: _("没有找到。请核对号码；同一号码有多个账号时，请用用户名查找。"),
    Hindrance.NOT_SEEN: _("请先核对本人和证件原件，再勾选确认。"),
    Hindrance.CODE: _("验证码不正确或已过期。"),
    Hindrance.NOT_TYPED: _("本人还没有输入正确的验证码。输入后再查看；过期了请重新填写。"),
    Hindrance.WAIT: _("短信发送过于频繁，请稍后再试。"),
    Hindrance.DRAFT: _("页面已过期，请重新操作。"),
    Hindrance.REASON: _("请写明原因，1 至 200 个字，不要写证件号码和手机号。"),
    Hindrance.UNCHANGED: _("账号的状态已经变化，没有做任何改动。"),
    Hindrance.SAME: _("请选择两个不同的账号。"),
    Hindrance.CERTIFICATE: _("两个账号的证件号码不同，或都没有登记证件，不能合并。"),
    Hindrance.CHANGED: _("其中一个账号刚刚有变化，请重新核对。"),
    Hindrance.LATE: _("已超过可以撤销的期限，或者已经撤销过。"),
    Hindrance.NAME: _("姓名为 1 至 50 个字符。"),
    Hindrance.CERTIFICATE_NUMBER: _("证件号码不正确，请对照证件核对。"),
    Hindrance.PHONE: _("请输入 11 位手机号，或勾选“没有手机”。"),
    Hindrance.NOT_A_MINOR: _(
        "被监护人要有已实名的账号，并且不满 18 岁。没有账号或没有实名的，请先登记、核验。"
    ),
    Hindrance.GUARDIAN: _("监护人要已成年、账号正常，实名等级在 2 级以上。请先办理实名核验。"),
    Hindrance.GUARDED: _("这位监护人已经登记过，不用重复登记。"),
    Hindrance.PAPERS: _("请选择监护关系证明。"),
    Hindrance.MANDATE: _("现在不能代办：对方账号不可用，或没有需要的实名等级。"),
}
"""Why something was not done."""

NOTICES = {
    "registered": _("已登记。实名核验需要另一位工作人员复核。"),
    "asked": _("申请已提交，请另一位工作人员复核。"),
    "confirmed": _("已复核，立即生效。"),
    "waiting": _("已复核，24 小时后生效。在此之前可以停止。"),
    "refused": _("已退回。"),
    "freeze": _("账号已冻结。"),
    "secure": _("已做安全处理：所有登录已退出，近期添加的登录方式已移除，密码已失效。"),
    "guardian-ended": _("监护已结束，对方立即不能再代办。"),
    "act-ended": _("代办已结束，您已回到自己的登录。"),
}
"""What was done, by the word in the address."""

ALARMS = {
    "name": _("注意：申请中的姓名与账号登记的姓名不一致，可能不是同一个人。"),
    "certificate": _("注意：申请中的证件与账号登记的证件不一致，可能不是同一个人。"),
    "impossible": _("不能复核：账号已用另一个证件实名。请退回这项申请。"),
}
"""What whoever confirms is warned of."""

DISCLOSURES = {
    Disclosure.COMPARE: _("与证件原件逐位核对"),
    Disclosure.MISMATCH: _("查明信息不一致的原因"),
    Disclosure.QUERY: _("答复本人的询问"),
}
"""Why whole numbers are looked at."""

STATES = {
    "active": _("正常"),
    "frozen": _("已冻结"),
    "deceased": _("本人已去世"),
    "merged": _("已并入另一个账号"),
    "cancelled": _("已注销"),
}
"""The state of an account."""

ACTIONS = {
    "freeze": _("冻结"),
    "thaw": _("恢复使用"),
    "secure": _("被盗处理"),
    "release": _("解除手机号"),
}
"""What can be done about an account."""

PAPERS = {
    Papers.HOUSEHOLD_REGISTER: _("居民户口簿"),
    Papers.BIRTH_CERTIFICATE: _("出生医学证明"),
    Papers.APPOINTMENT: _("法院、居（村）委会或民政部门的指定文书"),
}
"""By what a guardian is known."""

CHOICE_TEXTS = {
    "username": _("主用户名"),
    "name": _("保留哪个姓名"),
    "phone": _("保留哪个手机号"),
    "email": _("保留哪个邮箱"),
    "address": _("保留哪个地址"),
    "password": _("保留哪个账号的密码"),
    "factors": _("保留哪个账号的其他登录方式"),
}
"""What is chosen when two accounts become one."""

SIDE_TEXTS = {"both": _("两个都保留")}
