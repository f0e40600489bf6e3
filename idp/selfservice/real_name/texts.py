"""What the real-name pages say, by the words of the services."""

from idp.accounts.real_names.verification import NotVerifiedReason
from idp.infrastructure.translations import mark as _

LEVELS = (
    _("还没有实名。能办的事不多，建议先完成实名认证。"),
    _("已核对您的姓名和证件号码。"),
    _("已核对您的姓名、证件号码和手机号。"),
    _("已确认是您本人在办理。"),
    _("已在窗口当面核验，或凭数字证书核验，这是最高等级。"),
)
"""What each level means for the person."""

ENDS = {
    "expired": _("已到期"),
    "taken": _("持证人本人在另一个账号上以更可靠的方式实名"),
    "operator": _("管理员已调整"),
    "cancelled": _("账号已注销"),
}
ENDED = _("已失效")

SOURCES = {
    "population": _("人口信息核验服务"),
    "carrier": _("电信运营商"),
    "network_identity": _("国家网络身份认证公共服务"),
    "counter": _("政务服务窗口"),
    "operator": _("平台管理员"),
}
"""Who said so, by the first part of real_name_records.source."""

REASONS = {
    NotVerifiedReason.MISMATCH: _("没有通过：填写的信息与登记的信息不一致。请对照证件检查姓名和号码。"),
    NotVerifiedReason.OTHER_IDENTITY: _(
        "这个账号已经用另一个人的姓名或证件实名，不能换成别人。姓名有变更的，请带证件到窗口办理。"
    ),
    NotVerifiedReason.NO_PHONE: _("请先验证您的手机号，再回到这里。"),
    NotVerifiedReason.UNDER_FOURTEEN: _("未满 14 周岁，请由监护人陪同，带户口簿到窗口办理。"),
    NotVerifiedReason.TYPE: _("这种证件不能在网上核验。请带证件原件到窗口办理，或换一种方式。"),
    NotVerifiedReason.CANCELLED: _("没有完成：您在 App 里取消了，或者没有安装 App。可以再试一次。"),
    NotVerifiedReason.LAPSED: _("这一次认证已经过期或已经用过，请重新开始。"),
    NotVerifiedReason.CLOSED: _("这个账号现在不能办理实名认证，请到窗口咨询。"),
}
DUPLICATE = _(
    "这个证件已经有一个同样等级或更高等级的实名账号，一个人只能有一个。这个账号没有任何变化，"
    "那个账号的本人会收到通知。如果那个账号不是您的，请用等级更高的方式认证，或带证件到窗口办理。"
)
PASSWORD, PHONE, MAIL = _("密码"), _("手机号"), _("电子邮箱")
FACTORS = _("没有在这次登录中用到的身份验证器、通行密钥和恢复码")
"""What will not outlive an act of presence."""
UNAVAILABLE = _("核验服务暂时没有回应。您的资料没有任何变化，请过一会儿再试。")
THROTTLED = _("尝试的次数太多了。请 %(minutes)s 分钟后再试，或带证件到窗口办理。")
LAPSED_FORM = _("页面已过期，请重新填写。")
UNREADABLE_ANSWER = _("App 的结果没有读懂。请把结果完整地复制过来，或重新开始。")
BAD_NAME = _("请填写证件上的姓名，1 至 50 个字。")
DONE = _("认证成功。")
