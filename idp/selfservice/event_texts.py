"""What the events of the record are called when the person whom they concern reads them."""

from collections.abc import Mapping

from idp.audit.model import Event
from idp.infrastructure.translations import mark as _

TITLES: Mapping[Event, str] = {
    Event.LOGIN_SUCCEEDED: _("登录成功"),
    Event.LOGIN_FAILED: _("登录没有成功"),
    Event.LOGIN_THROTTLED: _("尝试次数过多，登录被暂停"),
    Event.SECOND_FACTOR_FAILED: _("第二步验证没有通过"),
    Event.SESSION_STEPPED_UP: _("再次验证了身份"),
    Event.SESSION_ENDED: _("退出登录"),
    Event.PASSWORD_SET: _("密码已修改"),
    Event.CONSENT_GIVEN: _("同意系统获得信息"),
    Event.CONSENT_REFUSED: _("不同意系统获得信息"),
    Event.CONSENT_WITHDRAWN: _("撤回对系统的授权"),
    Event.AUTHORIZATION_GRANTED: _("进入系统"),
    Event.TOKEN_REUSED: _("发现异常：系统的登录凭证被重复使用，已作废"),
    Event.CODE_REPLAYED: _("发现异常：进入系统的凭证被重复使用，已作废"),
    Event.ACCOUNT_CREATED: _("账号开通"),
    Event.ACCOUNT_REGISTERED: _("注册账号"),
    Event.ACCOUNT_CHANGED: _("账号资料由管理员修改"),
    Event.ACCOUNT_UNLOCKED: _("登录限制已解除"),
    Event.ACCOUNT_FROZEN: _("账号被冻结"),
    Event.ACCOUNT_THAWED: _("账号恢复使用"),
    Event.ACCOUNT_DECEASED: _("账号因登记去世而关闭"),
    Event.ACCOUNT_MERGED: _("与另一个账号合并"),
    Event.ACCOUNT_JOINED: _("另一个账号并入了您的账号"),
    Event.ACCOUNT_MERGE_UNDONE: _("账号合并已撤销"),
    Event.ACCOUNT_PARTED: _("并入的账号已经分开"),
    Event.ACCOUNT_SECURED: _("账号做了安全处理"),
    Event.ACCOUNT_BOUND: _("以更可靠的方式核验了身份，没有一并验证的登录方式已停用"),
    Event.ACCOUNT_EXPORTED: _("导出了个人数据"),
    Event.CANCELLATION_REQUESTED: _("申请注销账号"),
    Event.CANCELLATION_UNDONE: _("注销申请已撤销"),
    Event.ACCOUNT_CANCELLED: _("账号已注销"),
    Event.CORRECTION_REQUESTED: _("申请更正资料"),
    Event.NAME_CHANGED: _("姓名已变更"),
    Event.PHONE_CHANGED: _("手机号已换绑或确认"),
    Event.PHONE_RELEASED: _("手机号已从账号移除"),
    Event.EMAIL_CHANGED: _("联系方式已修改"),
    Event.REAL_NAME_RAISED: _("实名等级提高"),
    Event.REAL_NAME_LOWERED: _("实名等级降低"),
    Event.REAL_NAME_REFUSED: _("实名核验没有通过"),
    Event.REAL_NAME_CONTESTED: _("有人在另一个账号上用同一证件通过了实名核验"),
    Event.FACTOR_ADDED: _("添加了登录方式"),
    Event.FACTOR_REMOVED: _("移除了登录方式"),
    Event.TOTP_ENROLLED: _("管理员添加了身份验证器"),
    Event.METHODS_CHOSEN: _("登录偏好已修改"),
    Event.RECOVERY_COMPLETED: _("账号已找回"),
    Event.RECOVERY_REFUSED: _("找回账号没有成功"),
    Event.DEVICE_TRUSTED: _("信任了一台设备"),
    Event.DEVICE_FORGOTTEN: _("移除了记住的设备"),
    Event.QR_LOGIN_APPROVED: _("扫码允许另一台设备登录"),
    Event.QR_LOGIN_REFUSED: _("扫码拒绝另一台设备登录"),
    Event.LEGAL_PERSON_BOUND: _("绑定企业"),
    Event.LEGAL_PERSON_REFUSED: _("绑定企业没有成功"),
    Event.LEGAL_PERSON_DISSOLVED: _("企业已注销"),
    Event.REPRESENTATIVE_CHANGED: _("企业的法定代表人已变更"),
    Event.MANDATE_INVITED: _("发出代办邀请"),
    Event.MANDATE_ACCEPTED: _("代办邀请被接受"),
    Event.MANDATE_DECLINED: _("代办邀请被拒绝"),
    Event.MANDATE_SUSPENDED: _("代办授权暂停"),
    Event.MANDATE_RESUMED: _("代办授权恢复"),
    Event.MANDATE_RENEWED: _("代办授权续期"),
    Event.MANDATE_REVOKED: _("代办授权结束"),
    Event.MANDATE_EXPIRED: _("代办授权到期"),
    Event.REPRESENTATION_BEGUN: _("开始代他人办事"),
    Event.REPRESENTATION_ENDED: _("结束代他人办事"),
    Event.UPSTREAM_LINKED: _("关联了上级平台的账号"),
    Event.UPSTREAM_UNLINKED: _("解除了上级平台账号的关联"),
    Event.UPSTREAM_REFUSED: _("从上级平台登录没有成功"),
    Event.UPSTREAM_CONFLICT: _("上级平台的信息与本账号不一致，等待核实"),
    Event.UPSTREAM_SETTLED: _("工作人员核实了上级平台的信息"),
    Event.UPSTREAM_HANDED_ON: _("带着登录状态前往上级平台的应用"),
    Event.ROLE_GRANTED: _("获得岗位权限"),
    Event.ROLE_WITHDRAWN: _("岗位权限被收回"),
    Event.COUNTER_REQUESTED: _("窗口受理了申请"),
    Event.COUNTER_CONFIRMED: _("窗口办结了申请"),
    Event.COUNTER_REFUSED: _("窗口退回或停止了申请"),
    Event.COUNTER_LOOKED_UP: _("窗口工作人员查找了您的账号"),
    Event.COUNTER_NUMBER_SHOWN: _("复核人员查看了您的完整证件号码"),
}
"""What people are shown."""

HIDDEN = frozenset(
    {
        Event.PASSWORD_UPGRADED,
        Event.AUTHORIZATION_REFUSED,
        Event.TOKEN_ISSUED,
        Event.TOKEN_REFRESHED,
        Event.TOKEN_REFUSED,
        Event.TOKEN_REVOKED,
        Event.CLIENT_REFUSED,
        Event.REFUSALS_SUMMED,
        Event.LOGOUT_DELIVERED,
        Event.LOGOUT_UNDELIVERED,
        Event.MESSAGE_SENT,
        Event.MESSAGE_UNDELIVERED,
        Event.CLIENT_CREATED,
        Event.CLIENT_SECRET_ROTATED,
        Event.CLIENT_DISABLED,
        Event.KEY_CREATED,
        Event.KEY_RETIRED,
        Event.KEY_REVOKED,
        Event.MASTER_SECRET_CHANGED,
        Event.RESTORE_FINISHED,
    }
)
"""What machines do among themselves."""

FOR_PRINCIPAL = frozenset(
    {
        Event.AUTHORIZATION_GRANTED,
        Event.MANDATE_INVITED,
        Event.MANDATE_ACCEPTED,
        Event.MANDATE_DECLINED,
        Event.MANDATE_SUSPENDED,
        Event.MANDATE_RESUMED,
        Event.MANDATE_RENEWED,
        Event.MANDATE_REVOKED,
        Event.MANDATE_EXPIRED,
        Event.REPRESENTATION_BEGUN,
        Event.REPRESENTATION_ENDED,
    }
)
"""What somebody else did in a person's name, and the person has a right to see."""

ALARMING = frozenset(
    {
        Event.LOGIN_FAILED,
        Event.LOGIN_THROTTLED,
        Event.SECOND_FACTOR_FAILED,
        Event.TOKEN_REUSED,
        Event.CODE_REPLAYED,
        Event.RECOVERY_REFUSED,
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
