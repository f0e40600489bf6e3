"""A protocol of few words, as old systems have: a ticket in the address, asked once what it stands for."""

from urllib.parse import parse_qs, urlencode

import orjson
from starlette.responses import JSONResponse, Response

from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.web.site import Site
from idp.relying_parties.service import Registry
from idp.sign_on.model import Prompt, Refusal, SignOnRequest, SignOnState
from idp.sign_on.protocols import RequestUnderWay
from idp.sign_on.routes import SignOnPages
from idp.sign_on.service import SignOn

TICKET_SECONDS = 10
LOGIN, VALIDATE = "/ticket/login", "/ticket/validate"


class TicketBridge:
    """`/ticket/login?service=…` leads back with `ticket=…`; `/ticket/validate` says once who that is."""

    name = "ticket"

    def __init__(
        self, base: Foundation, site: Site, registry: Registry, sign_on: SignOn, pages: SignOnPages
    ) -> None:
        self._base = base
        self._site = site
        self._registry = registry
        self._sign_on = sign_on
        self._pages = pages

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {LOGIN: {"GET": self.login}, VALIDATE: {"GET": self.validate}}

    async def login(self, visitor: Visitor) -> Response:
        """Somebody wants to enter a service."""
        query = visitor.request.scope["query_string"].decode("latin-1")
        return await self.resume(visitor, RequestUnderWay(self.name, query, self._site.sources.now()))

    def asked(self, query: str) -> SignOnRequest | None:
        """See `SignOnProtocol`."""
        fields = parse_qs(query)
        client = self._registry.find(fields.get("system", [""])[0])
        if client is None or fields.get("service", [""])[0] not in client.redirect_uris:
            return None
        prompts = frozenset({Prompt.LOGIN}) if "renew" in fields else frozenset()
        return SignOnRequest(client, ("openid", "profile"), prompts=prompts)

    async def resume(self, visitor: Visitor, under_way: RequestUnderWay) -> Response:
        """See `SignOnProtocol`."""
        asked = self.asked(under_way.query)
        if asked is None:
            return visitor.error(400, "没有登记的系统。", "SERVICE")
        service = parse_qs(under_way.query)["service"][0]
        outcome = await self._pages.outcome(visitor, asked, under_way)
        if isinstance(outcome, Response):
            return outcome
        if isinstance(outcome, Refusal):
            return self._site.redirect(f"{service}?{urlencode({'refused': outcome.name.lower()})}")
        return self._site.redirect(f"{service}?{urlencode({'ticket': await self._ticket(asked, outcome)})}")

    async def _ticket(self, asked: SignOnRequest, state: SignOnState) -> str:
        ticket = self._base.sources.new_token(24)
        told = {
            "user": state.session.username,
            "system": asked.client.client_id,
            "level": state.session.level,
        }
        await self._base.key_value.put("ticket", ticket, orjson.dumps(told), TICKET_SECONDS)
        await self._base.database.write(lambda: self._sign_on.join(state, asked.client.client_id))
        return ticket

    async def validate(self, visitor: Visitor) -> Response:
        """Good once, within seconds, for the system that it was made for."""
        told = await self._base.key_value.take("ticket", visitor.query.get("ticket", ""))
        said = orjson.loads(told) if told else {}
        if said.get("system") != visitor.query.get("system"):
            return JSONResponse({"valid": False})
        return JSONResponse({"valid": True, "user": said["user"], "level": said["level"]})
