"""What a person reads when a login does not succeed: what happened, and a way on."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from clients.sdk.core.errors import InvalidResponse, LoginError, Refused, Unavailable
from clients.sdk.core.levels import ONE_FACTOR_LEVEL

RETRY_SECONDS = 5
LOGIN_PATH = "/login"


@dataclass(frozen=True, slots=True)
class Action:
    """A way on: a link, or with `csrf` a form that is posted."""

    label: str
    href: str
    csrf: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A page for people; `reference` is what the help desk asks for."""

    status: int
    title: str
    message: str
    english: str
    actions: tuple[Action, ...]
    reference: str = ""
    retry_after: int | None = None


Render = Callable[[Request, Problem], Response]

_HOME = Action("回到首页", "/")
_REFUSALS: dict[str, tuple[int, str, str, str]] = {
    "access_denied": (
        403,
        "没有登录",
        "您没有同意把信息提供给本系统，所以没有登录。需要使用时可以随时再来。",
        "You did not agree to share your details, so you are not logged in.",
    ),
    "unmet_authentication_requirements": (
        403,
        "认证等级不够",
        "本系统要求的认证等级，您的账号目前达不到。请先在统一身份认证的用户中心完成实名认证，再回来登录。",
        "This system needs a higher identity level than your account has. Please verify your identity first.",
    ),
    "login_required": (
        401,
        "需要登录",
        "您在统一身份认证的登录已经结束，请重新登录。",
        "Your login has ended. Please log in again.",
    ),
    "consent_required": (
        401,
        "需要您的同意",
        "登录本系统需要您同意提供所列信息，请重新登录并确认。",
        "This system needs your consent. Please log in again.",
    ),
    "invalid_grant": (
        400,
        "登录没有完成",
        "这次登录的凭据已经用过或者过期，请重新登录。",
        "This login was used before or has expired. Please log in again.",
    ),
}
_REFUSALS["interaction_required"] = _REFUSALS["account_selection_required"] = _REFUSALS["login_required"]


def login_url(return_to: str, level: int = 0) -> str:
    """The link that starts a login and comes back."""
    query = {"next": return_to} | ({"level": str(level)} if level else {})
    return f"{LOGIN_PATH}?{urlencode(query)}"


_NOT_NOW = (
    503,
    "统一身份认证暂时无法使用",
    "统一身份认证服务现在没有应答，不是您的操作有误。请稍等片刻再试。",
    "The login service is not answering at the moment. Please try again shortly.",
)
_NOT_ACCEPTED = (
    502,
    "本系统暂时不能登录",
    "统一身份认证没有接受本系统的请求。这不是您的操作有误，请把下面的代码告诉本系统的管理员。",
    "The login service refused this system's request. Please tell the administrator the code below.",
)
_NOT_OURS = (
    400,
    "登录没有完成",
    "这次登录等待太久，或者不是从这个浏览器窗口开始的。请重新登录。",
    "This login took too long or was not started in this browser. Please log in again.",
)
_NOT_BELIEVED = (
    502,
    "登录没有完成",
    "统一身份认证送来的登录结果没有通过核对，为了您的安全没有采用。请重新登录；如果再次出现，请联系管理员。",
    "The login result could not be verified and was not used. Please log in again.",
)


def problem_of(error: LoginError, return_to: str = "/") -> Problem:
    """The page for an error."""
    actions = (Action("重新登录", login_url(return_to)), _HOME)
    if isinstance(error, Unavailable) or (
        isinstance(error, Refused) and error.error in ("temporarily_unavailable", "server_error")
    ):
        actions = (Action("再试一次", login_url(return_to)), _HOME)
        return Problem(*_NOT_NOW, actions, "temporarily_unavailable", RETRY_SECONDS)
    if isinstance(error, Refused):
        # a code of the provider's own choice is shown only if it looks like one
        reference = error.error if error.error.isascii() and error.error.isidentifier() else "refused"
        return Problem(*_REFUSALS.get(error.error, _NOT_ACCEPTED), actions, reference)
    if isinstance(error, InvalidResponse):
        return Problem(*_NOT_OURS, actions, "invalid_response")
    return Problem(*_NOT_BELIEVED, actions, "invalid_token")


def level_problem(required: int, reached: int, return_to: str) -> Problem:
    """The page for a person whose login stays below what a page requires."""
    second_factor = "登录时还需要使用动态口令。" if required > ONE_FACTOR_LEVEL else ""
    return Problem(
        403,
        "认证等级不够",
        f"这里需要 {required} 级实名认证，您这次登录达到的是 {reached} 级。"
        f"请先在统一身份认证的用户中心把实名认证提升到 {required} 级，或者到区政务服务大厅办理，然后再试。"
        f"{second_factor}",
        f"This page needs identity level {required}; your login has level {reached}.",
        (Action("已经提升，再试一次", login_url(return_to, required)), _HOME),
        "insufficient_level",
    )


def logout_question(csrf: str) -> Problem:
    """The page that asks before logging out, for who comes by a link."""
    return Problem(
        200,
        "要退出登录吗？",
        "退出后，您在统一身份认证和其它已登录系统中的登录也会一起结束。",
        "Log out here and in the other systems?",
        (Action("退出登录", "/logout", csrf), Action("不退出", "/")),
    )


def logged_out_here() -> Problem:
    """The page for who logged out while the provider could not be reached."""
    return Problem(
        503,
        "已退出本系统",
        "您已经退出本系统，但统一身份认证服务现在没有应答，您在其它系统中可能仍是登录状态。"
        "在公用电脑上，请关闭所有浏览器窗口，或者稍后再退出一次。",
        "You are logged out here, but the login service is not answering; other systems may still be open.",
        (_HOME,),
        "temporarily_unavailable",
        RETRY_SECONDS,
    )


def plain_page(request: Request, problem: Problem) -> Response:
    """A page without any decoration, for systems that bring no look of their own."""
    actions = "".join(f"<p>{_action(action)}</p>" for action in problem.actions)
    reference = f"<p>代码：<code>{escape(problem.reference)}</code></p>" if problem.reference else ""
    title = escape(problem.title)
    body = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><main><h1>{title}</h1><p>{escape(problem.message)}</p>"
        f'<p lang="en">{escape(problem.english)}</p>{actions}{reference}</main></html>'
    )
    return HTMLResponse(body, problem.status)


def _action(action: Action) -> str:
    if action.csrf is None:
        return f'<a href="{escape(action.href)}">{escape(action.label)}</a>'
    return (
        f'<form method="post" action="{escape(action.href)}">'
        f'<input type="hidden" name="csrf" value="{escape(action.csrf)}">'
        f"<button>{escape(action.label)}</button></form>"
    )
