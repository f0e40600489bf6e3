"""A person who goes to and fro between a foreign client and the provider, in one browser."""

from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2

from tests.support.browserless import Browserless, Callback, Page, forms_of
from tests.support.instance import Account

MOST_STEPS = 20


class NeverArrived(AssertionError):
    """The provider kept the person: an error page, a form that nobody knows, or the same one again."""


class Visit:
    """A browser without scripts; cookies go to every port of the host, as browsers send them."""

    def __init__(self, issuer: str, account: Account) -> None:
        self.issuer = issuer
        self.account = account
        self.asked: list[str] = []
        """What the provider asked on the way: password, consent or logout."""
        self._http = httpx2.AsyncClient(
            trust_env=False, timeout=30, headers={"accept": "text/html, */*;q=0.8"}
        )
        self._provider = Browserless(issuer, client=self._http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._provider.close()

    async def open(self, url: str, method: str = "GET") -> httpx2.Response:
        """Open a page of the client, do what the provider asks on the way, and arrive at a page of the client."""
        return await self._arrive(await self._http.request(method, url))

    async def leave(self, url: str) -> httpx2.Response:
        """Open the client's logout, and confirm it where the client has a form for that."""
        here = await self.open(url)
        for form in forms_of(here):
            here = await self._arrive(await self._http.post(form.action, data=form.fields))
        return here

    async def _arrive(self, response: httpx2.Response) -> httpx2.Response:
        for _ in range(MOST_STEPS):
            if not response.has_redirect_location:
                return response
            target = urljoin(str(response.url), response.headers["location"])
            if target.startswith(f"{self.issuer}/"):
                response = await self._return(await self._through(target))
            else:
                response = await self._http.get(target)
        raise NeverArrived("the redirects never end")

    async def peek(self, url: str) -> httpx2.Response:
        """Open a page of the client and go nowhere else."""
        return await self._http.get(url)

    async def end_everything(self) -> None:
        """Log out at the provider itself, with no client in sight."""
        here = await self._provider.log_out("/end_session")
        assert isinstance(here, Page)
        assert here.status == 200

    async def _through(self, target: str) -> Callback:
        here = await self._provider.open(target)
        leaving = urlsplit(target).path == "/end_session"
        for asked, name, answers in (
            ("password", "password", {"username": self.account.username, "password": self.account.password}),
            ("logout" if leaving else "consent", "decision", {"decision": "logout" if leaving else "allow"}),
        ):
            form = here.form_with(name) if isinstance(here, Page) else None
            if form is not None:
                self.asked.append(asked)
                here = await self._provider.submit(form, **answers)
        if isinstance(here, Page):
            raise NeverArrived(f"kept at {here.url} (status {here.status}):\n{here.text[:3000]}")
        return here

    async def _return(self, back: Callback) -> httpx2.Response:
        if back.method == "POST":
            return await self._http.post(back.url, data=back.parameters, headers={"origin": self.issuer})
        return await self._http.get(back.full_url if back.parameters else back.url)
