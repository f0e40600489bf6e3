"""What the events of the record are called when the person whom they concern reads them."""

from collections.abc import Mapping

from idp.audit.model import EventType
from idp.infrastructure.translations import mark as _

TITLES: Mapping[EventType, str] = {
    EventType.LOGIN_SUCCEEDED: _("登录成功"),
    EventType.LOGIN_FAILED: _("登录没有成功"),
    EventType.LOGIN_THROTTLED: _("尝试次数过多，登录被暂停"),
    EventType.SECOND_FACTOR_FAILED: _("第二步验证没有通过"),
    EventType.SESSION_STEPPED_UP: _("再次验证了身份"),
    EventType.SESSION_ENDED: _("退出登录"),
    EventType.PASSWORD_SET: _("密码已修改"),
    EventType.CONSENT_GIVEN: _("同意系统获得信息"),
    EventType.CONSENT_REFUSED: _("不同意系统获得信息"),
    EventType.CONSENT_WITHDRAWN: _("撤回对系统的授权"),
    EventType.AUTHORIZATION_GRANTED: _("进入系统"),
    EventType.TOKEN_REUSED: _("发现异常：系统的登录凭证被重复使用，已作废"),
    EventType.CODE_REPLAYED: _("发现异常：进入系统的凭证被重复使用，已作废"),
    EventType.ACCOUNT_CREATED: _("账号开通"),
    EventType.ACCOUNT_REGISTERED: _("注册账号"),
    EventType.ACCOUNT_CHANGED: _("账号资料由管理员修改"),
    EventType.ACCOUNT_UNLOCKED: _("登录限制已解除"),
    EventType.ACCOUNT_FROZEN: _("账号被冻结"),
    EventType.ACCOUNT_THAWED: _("账号恢复使用"),
    EventType.ACCOUNT_DECEASED: _("账号因登记去世而关闭"),
    EventType.ACCOUNT_MERGED: _("与另一个账号合并"),
    EventType.ACCOUNT_JOINED: _("另一个账号并入了您的账号"),
    EventType.ACCOUNT_MERGE_UNDONE: _("账号合并已撤销"),
    EventType.ACCOUNT_PARTED: _("并入的账号已经分开"),
    EventType.ACCOUNT_SECURED: _("账号做了安全处理"),
    EventType.ACCOUNT_BOUND: _("以更可靠的方式核验了身份，没有一并验证的登录方式已停用"),
    EventType.ACCOUNT_EXPORTED: _("导出了个人数据"),
    EventType.CANCELLATION_REQUESTED: _("申请注销账号"),
    EventType.CANCELLATION_UNDONE: _("注销申请已撤销"),
    EventType.ACCOUNT_CANCELLED: _("账号已注销"),
    EventType.CORRECTION_REQUESTED: _("申请更正资料"),
    EventType.NAME_CHANGED: _("姓名已变更"),
    EventType.PHONE_CHANGED: _("手机号已换绑或确认"),
    EventType.PHONE_RELEASED: _("手机号已从账号移除"),
    EventType.EMAIL_CHANGED: _("联系方式已修改"),
    EventType.REAL_NAME_RAISED: _("实名等级提高"),
    EventType.REAL_NAME_LOWERED: _("实名等级降低"),
    EventType.REAL_NAME_REFUSED: _("实名核验没有通过"),
    EventType.REAL_NAME_CONTESTED: _("有人在另一个账号上用同一证件通过了实名核验"),
    EventType.FACTOR_ADDED: _("添加了登录方式"),
    EventType.FACTOR_REMOVED: _("移除了登录方式"),
    EventType.TOTP_ENROLLED: _("管理员添加了身份验证器"),
    EventType.METHODS_CHOSEN: _("登录偏好已修改"),
    EventType.RECOVERY_COMPLETED: _("账号已找回"),
    EventType.RECOVERY_REFUSED: _("找回账号没有成功"),
    EventType.DEVICE_TRUSTED: _("信任了一台设备"),
    EventType.DEVICE_FORGOTTEN: _("移除了记住的设备"),
    EventType.QR_LOGIN_APPROVED: _("扫码允许另一台设备登录"),
    EventType.QR_LOGIN_REFUSED: _("扫码拒绝另一台设备登录"),
    EventType.LEGAL_PERSON_BOUND: _("绑定企业"),
    EventType.LEGAL_PERSON_REFUSED: _("绑定企业没有成功"),
    EventType.LEGAL_PERSON_DISSOLVED: _("企业已注销"),
    EventType.REPRESENTATIVE_CHANGED: _("企业的法定代表人已变更"),
    EventType.MANDATE_INVITED: _("发出代办邀请"),
    EventType.MANDATE_ACCEPTED: _("代办邀请被接受"),
    EventType.MANDATE_DECLINED: _("代办邀请被拒绝"),
    EventType.MANDATE_SUSPENDED: _("代办授权暂停"),
    EventType.MANDATE_RESUMED: _("代办授权恢复"),
    EventType.MANDATE_RENEWED: _("代办授权续期"),
    EventType.MANDATE_REVOKED: _("代办授权结束"),
    EventType.MANDATE_EXPIRED: _("代办授权到期"),
    EventType.REPRESENTATION_BEGUN: _("开始代他人办事"),
    EventType.REPRESENTATION_ENDED: _("结束代他人办事"),
    EventType.UPSTREAM_LINKED: _("关联了上级平台的账号"),
    EventType.UPSTREAM_UNLINKED: _("解除了上级平台账号的关联"),
    EventType.UPSTREAM_REFUSED: _("从上级平台登录没有成功"),
    EventType.UPSTREAM_CONFLICT: _("上级平台的信息与本账号不一致，等待核实"),
    EventType.UPSTREAM_SETTLED: _("工作人员核实了上级平台的信息"),
    EventType.UPSTREAM_HANDED_ON: _("带着登录状态前往上级平台的应用"),
    EventType.ROLE_GRANTED: _("获得岗位权限"),
    EventType.ROLE_WITHDRAWN: _("岗位权限被收回"),
    EventType.COUNTER_REQUESTED: _("窗口受理了申请"),
    EventType.COUNTER_CONFIRMED: _("窗口办结了申请"),
    EventType.COUNTER_REFUSED: _("窗口退回或停止了申请"),
    EventType.COUNTER_LOOKED_UP: _("窗口工作人员查找了您的账号"),
    EventType.COUNTER_NUMBER_SHOWN: _("复核人员查看了您的完整证件号码"),
}
"""What people are shown."""

HIDDEN = frozenset(
    {
        EventType.PASSWORD_UPGRADED,
        EventType.AUTHORIZATION_REFUSED,
        EventType.TOKEN_ISSUED,
        EventType.TOKEN_REFRESHED,
        EventType.TOKEN_REFUSED,
        EventType.TOKEN_REVOKED,
        EventType.CLIENT_REFUSED,
        EventType.REFUSALS_SUMMED,
        EventType.LOGOUT_DELIVERED,
        EventType.LOGOUT_UNDELIVERED,
        EventType.MESSAGE_SENT,
        EventType.MESSAGE_UNDELIVERED,
        EventType.CLIENT_CREATED,
        EventType.CLIENT_SECRET_ROTATED,
        EventType.CLIENT_DISABLED,
        EventType.KEY_CREATED,
        EventType.KEY_RETIRED,
        EventType.KEY_REVOKED,
        EventType.MASTER_SECRET_CHANGED,
        EventType.RESTORE_FINISHED,
    }
)
"""What machines do among themselves."""

FOR_PRINCIPAL = frozenset(
    {
        EventType.AUTHORIZATION_GRANTED,
        EventType.MANDATE_INVITED,
        EventType.MANDATE_ACCEPTED,
        EventType.MANDATE_DECLINED,
        EventType.MANDATE_SUSPENDED,
        EventType.MANDATE_RESUMED,
        EventType.MANDATE_RENEWED,
        EventType.MANDATE_REVOKED,
        EventType.MANDATE_EXPIRED,
        EventType.REPRESENTATION_BEGUN,
        EventType.REPRESENTATION_ENDED,
    }
)
"""What somebody else did in a person's name, and the person has a right to see."""

ALARMING = frozenset(
    {
        EventType.LOGIN_FAILED,
        EventType.LOGIN_THROTTLED,
        EventType.SECOND_FACTOR_FAILED,
        EventType.TOKEN_REUSED,
        EventType.CODE_REPLAYED,
        EventType.RECOVERY_REFUSED,
    }
)
"""What somebody who was not there should look into."""

AMR_TEXTS: Mapping[str, str] = {
    "pwd": _("密码"),
    "sms": _("短信验证码"),
    "otp": _("身份验证器或恢复码"),
    "hwk": _("通行密钥"),
    "swk": _("通行密钥"),
    "qr": _("扫码"),
    "upstream": _("上级平台账号"),
}
"""How somebody logged in; further values are combinations of these."""

END_TEXTS: Mapping[str, str] = {
    "logout": _("您自己退出"),
    "another account logged in": _("这个浏览器登录了另一个账号"),
    "ended elsewhere": _("您在另一台设备上让它退出"),
    "ended all": _("您让所有设备退出"),
    "too many": _("登录太多，最久没有使用的一处已退出"),
    "represents another": _("换了办事身份"),
    "password changed": _("密码已修改"),
    "password set": _("密码已修改"),
    "recovered": _("账号已找回"),
    "timeout": _("长时间没有操作，或登录时间已到上限"),
    "mandate expired": _("代办授权已到期或停用"),
    "frozen": _("账号被冻结"),
    "cancelled": _("账号已注销"),
}
"""Why a login ended, by the reason in the record; others are not told."""

REASON_TEXTS: Mapping[str, str] = {
    "password": _("密码不正确"),
    "code": _("验证码不正确"),
    "state": _("账号当时不能使用"),
}
"""Why a login failed."""
