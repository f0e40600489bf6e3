"""模拟 / The browser's way through a platform: log in, consent, go back; and trust between province and state."""

import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.province import pages
from tests.province.platforms.base import Entrance, Platform, Wanted
from tests.province.world import Grant, Login, Refused, World

Handler = Callable[[Request], Awaitable[Response]]


class Browser:
    """The pages of one platform."""

    def __init__(self, world: World, platform: Platform) -> None:
        self._world = world
        self._platform = platform
        self._cookie = f"sim_{platform.name}"

    def routes(self) -> list[Route]:
        """Entrances, logout, and where a trusted platform sends its people."""
        found = [
            Route(path, self._entrance(entrance), methods=["GET", "POST"])
            for path, entrance in self._platform.entrances.items()
        ]
        found += [Route(path, self._logout(name)) for path, name in self._platform.logout.items()]
        if self._platform.partner:
            found.append(Route("/trusted", self._trusted))
        return found

    def _entrance(self, entrance: Entrance) -> Handler:
        async def handle(request: Request) -> Response:
            query = dict(request.query_params)
            self._world.note(self._platform.name, request.url.path, "browser")
            try:
                wanted = entrance.read(self._world, query)
            except Refused as refused:
                return self._page(request, pages.sentence(self._platform.text(refused.word)), 400)
            # as the platforms' own tabs do, without the application having a say
            kind = query.get("sim_kind", wanted.kind)
            wanted = replace(wanted, kind=kind if kind in self._platform.kinds else self._platform.kinds[0])
            login = self._login(request)
            if request.method == "POST":
                return await self._posted(request, entrance, wanted, login)
            if login is None or login.kind != wanted.kind:
                return self._page(request, self._choices(request, wanted))
            if entrance.trusting:
                return self._back(request, wanted, login)
            return self._page(request, pages.consent(self._label(login), wanted.app.name))

        return handle

    async def _posted(
        self, request: Request, entrance: Entrance, wanted: Wanted, login: Login | None
    ) -> Response:
        form = await request.form()
        decision, who = str(form.get("decision", "")), str(form.get("who", ""))
        if who:
            return self._logged_in(request, entrance, wanted, who)
        if decision == "agree" and login is not None:
            return self._back(request, wanted, login)
        if decision == "cancel":
            return RedirectResponse(wanted.back(**self._platform.cancelled), 303)
        self._world.sessions.pop((self._platform.name, request.cookies.get(self._cookie, "")), None)
        return RedirectResponse(str(request.url), 303)

    def _logged_in(self, request: Request, entrance: Entrance, wanted: Wanted, who: str) -> Response:
        person, _, organization = who.partition("@")
        login = Login(person, organization)
        if login not in {one for one, _ in self._logins(wanted.kind)}:
            return self._page(request, pages.sentence("没有这个账号"), 400)
        if organization and not self._platform.tells_expiry:
            _, _, agent = self._world.acting(login)
            if agent and agent.until and agent.until < self._world.today():
                return self._page(request, pages.sentence("委托已到期"), 400)
        answer = (
            self._back(request, wanted, login)
            if entrance.trusting
            else RedirectResponse(str(request.url), 303)
        )
        self._remember(answer, login)
        return answer

    def _remember(self, answer: Response, login: Login) -> None:
        cookie = secrets.token_urlsafe(12)
        self._world.sessions[self._platform.name, cookie] = login
        answer.set_cookie(self._cookie, cookie, path=f"/{self._platform.name}", httponly=True, samesite="lax")

    def _back(self, request: Request, wanted: Wanted, login: Login) -> Response:
        grant = Grant(wanted.app, login, wanted.callback, dict(wanted.extra))
        parameters = self._platform.done(self._world, wanted, grant)
        if self._platform.posts:
            return self._page(request, pages.posting(wanted.callback, parameters))
        return RedirectResponse(wanted.back(**parameters), 303)

    def _login(self, request: Request) -> Login | None:
        return self._world.sessions.get((self._platform.name, request.cookies.get(self._cookie, "")))

    def _logins(self, kind: str) -> Iterable[tuple[Login, str]]:
        if kind == "person":
            for person in self._world.people.values():
                yield Login(person.id), f"{person.name}（等级 {person.level}{_noted(person.note)}）"
            return
        for company, person, agent in self._world.representatives():
            role = "经办人" if agent else "法定代表人"
            yield Login(person.id, company.id), f"{company.name}，{role} {person.name}"

    def _label(self, login: Login) -> str:
        return next(label for one, label in self._logins(login.kind) if one == login)

    def _choices(self, request: Request, wanted: Wanted) -> str:
        rows = [
            (f"{login.person}@{login.organization}" if login.organization else login.person, label)
            for login, label in self._logins(wanted.kind)
        ]
        query = dict(request.query_params)
        partner = ""
        if self._platform.partner:
            ours = f"{self._world.url}/{self._platform.name}/trusted?to={quote(str(request.url), safe='')}"
            there = f"/{self._platform.partner}/tacs-uc/sso/loginTrust?backUrl={quote(ours, safe='')}"
            partner = (
                f'<p><a id="partner" href="{pages.escaped(there)}">用另一平台的账号登录（信任登录）</a></p>'
            )
        return pages.choose(rows, pages.tabs(query, wanted.kind, self._platform.kinds), partner)

    async def _trusted(self, request: Request) -> Response:
        """Somebody whom the partner sends: its ticket is spent between the platforms, then they go on."""
        partner = self._platform.partner
        target = request.query_params.get("to", "")
        if urlsplit(target)._replace(query="").geturl() not in self._own_entrances():
            return self._page(request, pages.sentence("地址不正确"), 400)
        try:
            app = self._world.apps[partner][self._platform.name]
            grant = self._world.redeem(app, request.query_params.get("ticket", ""))
        except Refused as refused:
            return self._page(request, pages.sentence(self._platform.text(refused.word)), 400)
        self._world.note(self._platform.name, request.url.path, f"trusted {partner}")
        answer = RedirectResponse(target, 303)
        self._remember(answer, grant.login)
        return answer

    def _own_entrances(self) -> set[str]:
        return {f"{self._world.url}/{self._platform.name}{path}" for path in self._platform.entrances}

    def _logout(self, name: str) -> Handler:
        async def handle(request: Request) -> Response:
            back = request.query_params.get(name, "")
            self._world.note(self._platform.name, request.url.path, "logout")
            self._world.sessions.pop((self._platform.name, request.cookies.get(self._cookie, "")), None)
            if any(app.is_home(back) for app in self._world.apps[self._platform.name].values()):
                return RedirectResponse(back, 303)
            return self._page(request, pages.sentence("已退出登录"))

        return handle

    def _page(self, request: Request, body: str, status: int = 200) -> Response:
        """On a telephone in one column, with large buttons."""
        phone = "mobile" in request.headers.get("user-agent", "").lower()
        return HTMLResponse(pages.page(self._platform.title, body, self._platform.look, phone=phone), status)


def _noted(note: str) -> str:
    return f"，{note}" if note else ""
