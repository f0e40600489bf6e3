"""The ways to log in, in the order in which a person is offered them."""

from dataclasses import dataclass

from idp.infrastructure.translations import mark as _


@dataclass(frozen=True, slots=True)
class LoginMethod:
    """A first factor with a page of its own."""

    name: str
    path: str
    label: str
    platform: tuple[str, str] = ("", "")
    """What the label calls `%(platform)s`, in Chinese and in English."""
    in_app_only: bool = False
    """Whether it works inside an app or mini program alone; a browser is not offered it."""


PASSWORD = LoginMethod("password", "/login", _("用密码登录"))
SMS = LoginMethod("sms", "/login/sms", _("用短信验证码登录"))
PASSKEY = LoginMethod("passkey", "/login/passkey", _("用通行密钥登录"))
QR = LoginMethod("qr", "/login/qr", _("用已登录的手机扫码登录"))


@dataclass(frozen=True, slots=True)
class LoginMethodOffer:
    """A way as the page shows it; `last`: this browser came in by it the last time."""

    href: str
    label: str
    last: bool


class LoginMethods:
    """The ways that this installation has."""

    def __init__(self, *ways: LoginMethod) -> None:
        self.all = list(ways)

    def of_path(self, path: str) -> LoginMethod | None:
        """The way whose page this is."""
        return next((way for way in self.all if way.path == path), None)

    def others(self, current: str, last: str | None, *, elder: bool, in_app: bool) -> list[LoginMethod]:
        """All that can be used here but the current one: the last one first, in the elder mode the text message."""
        first = [last] if last else []
        first += [SMS.name] if elder else []
        order = {name: place for place, name in reversed(list(enumerate(first)))}
        others = [way for way in self.all if way.name != current and (in_app or not way.in_app_only)]
        return sorted(others, key=lambda way: order.get(way.name, len(first)))


def is_in_app(user_agent: str) -> bool:
    """Whether a page is shown inside a mini program, by what WeChat and Alipay write."""
    return "miniprogram" in user_agent.lower()
