"""What a scope means to a person who is asked to consent: title and explanation."""

from collections.abc import Callable, Iterable, Mapping

from idp.infrastructure.translations import mark as _
from idp.relying_parties import scopes

SCOPE_TEXTS: Mapping[str, tuple[str, str]] = {
    scopes.OPENID: (_("您的账号标识"), _("一个用来认出您的编号，不含姓名和证件信息。")),
    scopes.PROFILE: (_("姓名和用户名"), _("您的姓名和登录用户名，您选定的语言，以及账号最近变更的时间。")),
    scopes.PHONE: (_("手机号码"), _("您登记的手机号码，以及它是否经过验证。")),
    scopes.EMAIL: (_("电子邮箱"), _("您登记的电子邮箱，以及它是否经过验证。")),
    scopes.ADDRESS: (_("联系地址"), _("您登记的联系地址。")),
    scopes.REAL_NAME: (_("实名信息"), _("您的姓名、证件类型、证件号码和实名等级，以及核验的方式和时间。")),
    scopes.ACCOUNT: (
        _("查看您的用户中心"),
        _("您的个人资料、实名记录、登录设备、用过的系统、代办授权和安全记录。"),
    ),
    scopes.ACCOUNT_WRITE: (
        _("管理您的用户中心"),
        _("代您提升实名等级、退出登录、撤回授权、绑定单位、邀请和处理代办。每次都要您刚刚登录过。"),
    ),
    scopes.ACCOUNT_SECURITY: (
        _("管理您的账号安全"),
        _("代您修改联系方式、密码和登录方式，批准扫码登录，导出数据，申请注销。每次都要您刚刚登录过。"),
    ),
    scopes.OFFLINE_ACCESS: (_("持续访问"), _("在您离开后，仍可继续获得以上信息。")),
}
"""In the order in which they are shown."""

OTHER = _("这个系统登记的业务权限。")


def scope_items(wanted: Iterable[str], say: Callable[[str], str]) -> list[tuple[str, str]]:
    """Title and explanation of each scope, translated; a business scope is shown by its own name."""
    names = list(wanted)
    known = [(say(title), say(text)) for name, (title, text) in SCOPE_TEXTS.items() if name in names]
    return known + [(name, say(OTHER)) for name in names if name not in SCOPE_TEXTS]
