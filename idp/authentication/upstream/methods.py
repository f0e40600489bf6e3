"""The ways to log in that upstream platforms add, and their addresses."""

from collections.abc import Iterable, Mapping

from idp.authentication.login.methods import LoginMethod, is_in_app
from idp.federation.model import Channel, UserType
from idp.federation.profiles.installation import Installed
from idp.infrastructure.translations import mark as _

AS_PERSON = _("用%(platform)s登录")
AS_LEGAL = _("用%(platform)s登录（企业）")


def upstream_ways(installed: Mapping[str, Installed]) -> list[LoginMethod]:
    """A way for each platform and kind of user that it knows."""
    return [
        LoginMethod(
            way_name(name, user_type),
            address(name, "start" if user_type is UserType.PERSON else "legal"),
            AS_PERSON if user_type is UserType.PERSON else AS_LEGAL,
            (one.profile.title, one.profile.title_en),
            in_app_only=not {Channel.PC, Channel.H5} & one.profile.authorize.channels.keys(),
        )
        for name, one in installed.items()
        for user_type in UserType
        if user_type in one.profile.map
    ]


def way_name(name: str, user_type: UserType) -> str:
    """What the cookie of the last way holds."""
    return f"upstream-{name}-{user_type.value}"


def address(name: str, page: str) -> str:
    """The path of a page of a platform's."""
    return f"/upstream/{name}/{page}"


def channel_of(user_agent: str, offered: Iterable[Channel]) -> Channel:
    """The entrance for a browser, by what it says of itself; the nearest one where the platform has not this."""
    agent, has = user_agent.lower(), list(offered)
    wanted = [Channel.PC, Channel.H5]
    if is_in_app(user_agent):
        wanted = [Channel.MINI_PROGRAM, Channel.H5, Channel.PC]
    elif "mobile" in agent or "android" in agent:
        wanted = [Channel.H5, Channel.PC]
    return next((channel for channel in wanted if channel in has), has[0])
