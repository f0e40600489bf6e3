"""Logins by upstream platforms, from the first redirect to the account, and on to applications of the platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
import structlog

from idp.accounts.real_names.service import RealNames
from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.audit.store import AuditStore
from idp.federation.exchange.engine import Engine, Start
from idp.federation.exchange.store import ExchangeStore
from idp.federation.linking.arrivals import of_person
from idp.federation.linking.held import HeldArrival, HeldArrivals
from idp.federation.linking.legal import LegalLinking, LinkedActor
from idp.federation.linking.organization_logins import Represented
from idp.federation.linking.outcomes import (
    ArrivalRefusalReason,
    ArrivalRefused,
    Held,
    HolderDecision,
    Linked,
    LinkingRules,
)
from idp.federation.linking.service import Linking, Notice
from idp.federation.model import Channel, Exchange, Failure, LoginFailureReason, UpstreamIdentity, UserType
from idp.federation.profiles.installation import Installed
from idp.infrastructure.breaker import Breaker
from idp.infrastructure.database.sweeping import in_steps
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.places import neighbourhood
from idp.infrastructure.single_use import SingleUse
from idp.organizations.service import Organizations

log = structlog.get_logger(__name__)

LOGIN_SECONDS = 600
"""How long somebody may take at the platform."""
TICKET_SECONDS = 86_400
"""How long a spent ticket is remembered; no platform lets one live that long."""
STATE_BYTES = 24
VERIFIER_BYTES = 48
AWAY = frozenset({LoginFailureReason.UNAVAILABLE, LoginFailureReason.MALFORMED})
"""Failures of the platform rather than of the person or of us."""
_LOGIN, _TICKET, _SESSION = "upstream.login", "upstream.ticket", "upstream.session"
_SEALED = "upstream.session"


@dataclass(frozen=True, slots=True)
class Beginning:
    """A login about to begin: as whom, from what kind of browser and which one, what for, and by which of two ways."""

    user_type: UserType
    channel: Channel
    browser: str
    continuation: str
    trust: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """Somebody came in, as themselves or for an organisation; `token` is what the platform gave us to speak on with."""

    entered: Linked | LinkedActor | Represented
    user_type: UserType
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AskedFirst:
    """Nobody is in yet: the person is to say whether an account is theirs; `ticket` finds the arrival again."""

    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a login, and what the person had come for, where that is known."""

    result: Came | AskedFirst | ArrivalRefused | Failure
    user_type: UserType
    continuation: str = ""


@dataclass(frozen=True, slots=True)
class FederationDependencies:
    """What entering an account takes of the rooms below."""

    real_names: RealNames
    organizations: Organizations
    notice: Notice
    level: int
    """From which level of a platform on a certificate finds its account."""
    session_seconds: int
    """How long a session lives at most."""


class Federation:
    """`installed` are the profiles in use. Without any, nothing of this is reachable."""

    def __init__(
        self,
        foundation: Foundation,
        http: HttpClient,
        installed: Mapping[str, Installed],
        origin: str,
        tools: FederationDependencies,
    ) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._single_use = SingleUse(foundation)
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._origin = origin
        self.installed = installed
        self._session_seconds = tools.session_seconds
        self._breakers = {name: Breaker(foundation.sources.now) for name in installed}
        self.held = HeldArrivals(foundation)
        self.exchanges = ExchangeStore(foundation.vault, foundation.sources)
        self.engine = Engine(http, foundation.sources, self._record)
        self._audit = AuditStore(foundation.sources)
        self._refusals = Refusals(foundation)
        rules = LinkingRules(tools.level, {name: one.profile.title for name, one in installed.items()})
        self.linking = Linking(foundation, tools.real_names, tools.notice, rules)
        self._legal = LegalLinking(foundation, self.linking, tools.organizations, tools.level)

    def is_away(self, name: str) -> bool:
        """Whether the platform has not answered lately, so that nobody should be sent there."""
        return self._breakers[name].is_open

    async def begin(self, name: str, beginning: Beginning) -> str:
        """Where to send the browser. What comes back is believed from the same browser only, once."""
        one = self.installed[name]
        state, verifier = self._sources.new_token(STATE_BYTES), self._sources.new_token(VERIFIER_BYTES)
        callback = f"{self._origin}/upstream/{name}/callback"
        if beginning.trust or one.profile.authorize.callback_state == "path":
            callback += f"?st={state}"
        kept = {
            "profile": name,
            "user_type": beginning.user_type.value,
            "browser": beginning.browser,
            "continuation": beginning.continuation,
            "callback": callback,
            "code_verifier": verifier,
        }
        await self._key_value.put(_LOGIN, self._hashed(_LOGIN, state), orjson.dumps(kept), LOGIN_SECONDS)
        if beginning.trust:
            found = self.engine.trust_url(one.profile, one.credentials, callback)
            assert found is not None
            return found
        start = Start(beginning.channel, beginning.user_type, callback, state, verifier)
        return self.engine.authorize_url(one.profile, one.credentials, start)

    def state_of(self, name: str, parameters: Mapping[str, str]) -> str:
        """Which of the logins that we began comes back, says the browser; empty where it says nothing."""
        return (
            parameters.get("st")
            or parameters.get(self.installed[name].profile.authorize.state_parameter)
            or ""
        )

    async def complete(self, name: str, browser: str, parameters: Mapping[str, str], address: str) -> Outcome:
        """What the browser brought back, spent and understood. Whatever happens, no ticket is offered twice."""
        key = self._hashed(_LOGIN, self.state_of(name, parameters))
        begun = await self._key_value.get(_LOGIN, key)
        kept = orjson.loads(begun) if begun else None
        user_type = UserType(kept["user_type"]) if kept else next(iter(self.installed[name].profile.map))
        if kept is None or kept["profile"] != name:
            return Outcome(
                await self._refused(name, ArrivalRefused(ArrivalRefusalReason.LAPSED), address), user_type
            )
        if kept["browser"] != browser:  # left as it is: the browser that began may still come
            return Outcome(
                await self._refused(name, ArrivalRefused(ArrivalRefusalReason.BROWSER), address), user_type
            )
        if await self._key_value.take(_LOGIN, key) is None:
            return Outcome(
                await self._refused(name, ArrivalRefused(ArrivalRefusalReason.LAPSED), address), user_type
            )
        brought = {**parameters, "callback": kept["callback"], "code_verifier": kept["code_verifier"]}
        found = await self._exchange(name, user_type, brought, address)
        entered = await self._enter(name, user_type, found, address)
        if isinstance(entered, Failure | ArrivalRefused):
            return Outcome(await self._refused(name, entered, address), user_type, kept["continuation"])
        token = found.token if isinstance(found, UpstreamIdentity) else ""
        if isinstance(entered, Held):
            assert isinstance(found, UpstreamIdentity)
            held = HeldArrival(of_person(found), entered.account_id, kept["continuation"], token)
            ticket = await self.held.put(held, browser)
            return Outcome(AskedFirst(ticket), user_type, kept["continuation"])
        return Outcome(Came(entered, user_type, token), user_type, kept["continuation"])

    async def settle(
        self, name: str, ticket: str, browser: str, decision: HolderDecision, address: str
    ) -> Came | ArrivalRefused:
        """What comes of an arrival that waited for a word of the person; each is decided once."""
        held = await self.held.take(ticket, browser)
        if held is None or held.arrival.profile != name:
            return ArrivalRefused(ArrivalRefusalReason.LAPSED)
        entered = await self.linking.enter(held.arrival, address, decision)
        if isinstance(entered, Held):  # it stands on yet another account by now
            return ArrivalRefused(ArrivalRefusalReason.LAPSED)
        if isinstance(entered, ArrivalRefused):
            return entered
        return Came(entered, UserType.PERSON, held.token)

    async def keep(self, name: str, account_id: str, browser: str, token: str) -> None:
        """Remember, sealed, by which platform an account came in this browser, and what we got to speak on with."""
        content = self._vault.encrypt_bytes(_SEALED, orjson.dumps({"profile": name, "token": token}))
        await self._key_value.put(_SESSION, self._place(account_id, browser), content, self._session_seconds)

    async def came_from(self, account_id: str, browser: str, *, take: bool = False) -> tuple[str, str] | None:
        """By which platform an account came in this browser, and that token; `take` forgets both."""
        reading = self._key_value.take if take else self._key_value.get
        content = await reading(_SESSION, self._place(account_id, browser))
        if content is None:
            return None
        kept = orjson.loads(self._vault.decrypt_bytes(_SEALED, content))
        return (kept["profile"], kept["token"]) if kept["profile"] in self.installed else None

    async def hand_on(self, name: str, target: str, token: str, account_id: str) -> str | Failure:
        """The address under which an application of the platform takes somebody over who came from there."""
        one, breaker = self.installed[name], self._breakers[name]
        if not breaker.admit():
            return Failure(LoginFailureReason.UNAVAILABLE, "hand_on", "left alone for a while")
        found = await self.engine.hand_on(one.profile, one.credentials, token, one.targets[target])
        self._judge(breaker, found)
        if isinstance(found, Failure):
            self._tell(name, found)
            return found
        detail = {"profile": name, "target": target}
        await self._database.add(
            self._audit.record(
                AuditEvent(event=EventType.UPSTREAM_HANDED_ON, account_id=account_id, detail=detail)
            )
        )
        return found

    def logout_url(self, name: str, back: str) -> str | None:
        """Where the person ends the session at the platform too."""
        one = self.installed[name]
        return self.engine.logout_url(one.profile, one.credentials, back)

    async def forget_old(self, before: float) -> int:
        """Remove the lines of exchanges older than an instant."""
        background = self._database.background
        return await in_steps(lambda: background.write(lambda: self.exchanges.forget(before)))

    async def _exchange(
        self, name: str, user_type: UserType, brought: Mapping[str, str], address: str
    ) -> UpstreamIdentity | Failure:
        one, breaker = self.installed[name], self._breakers[name]
        ticket = brought.get(one.profile.callback.ticket, "")
        if ticket and not await self._single_use.spend(_TICKET, f"{name}:{ticket}", TICKET_SECONDS):
            return Failure(LoginFailureReason.TICKET_USED, "callback", "offered to us before")
        if not breaker.admit():
            return Failure(LoginFailureReason.UNAVAILABLE, "callback", "left alone for a while")
        try:
            found = await self.engine.complete(one.profile, one.credentials, user_type, brought)
        except (
            BaseException
        ):  # a store of ours, or the server ends: no word about the platform, but the trial is over
            breaker.succeeded()
            raise
        self._judge(breaker, found, neighbourhood(address))
        return found

    async def _enter(
        self, name: str, user_type: UserType, found: UpstreamIdentity | Failure, address: str
    ) -> Linked | LinkedActor | Represented | Held | ArrivalRefused | Failure:
        if isinstance(found, Failure):
            if found.reason is LoginFailureReason.CANCELLED and found.subject:
                if user_type is UserType.LEGAL:
                    await self._legal.cancelled(name, found.subject)
                else:
                    await self.linking.cancelled(name, user_type.value, found.subject)
            return found
        if user_type is UserType.LEGAL:
            return await self._legal.enter(found, address)
        return await self.linking.enter(of_person(found), address)

    async def _refused(
        self, name: str, why: ArrivalRefused | Failure, address: str
    ) -> ArrivalRefused | Failure:
        detail = {"profile": name}
        if isinstance(why, Failure):
            self._tell(name, why)
            detail |= {"reason": why.reason.value, "step": why.step}
        else:
            detail |= {"reason": why.why.value} | ({"conflict": why.reference} if why.reference else {})
        line = AuditEvent(event=EventType.UPSTREAM_REFUSED, address=address, detail=detail)
        if "conflict" in detail:  # a person's eyes will look for it: it has a row of its own already
            await self._database.add(self._audit.record(line))
        else:
            self._refusals.note(line)
        return why

    def _tell(self, name: str, failure: Failure) -> None:
        log.warning(
            "a platform did not let somebody in",
            platform=name,
            reason=failure.reason.value,
            step=failure.step,
            detail=failure.safe_detail,
        )

    def _judge(self, breaker: Breaker, found: object, place: str = "") -> None:
        if isinstance(found, Failure) and found.reason in AWAY:
            breaker.failed(place if found.answered else "")
        else:
            breaker.succeeded()

    async def _record(self, exchange: Exchange) -> None:
        await self._database.add(self.exchanges.record(exchange))

    def _place(self, account_id: str, browser: str) -> str:
        return self._hashed(_SESSION, f"{account_id}:{browser}")

    def _hashed(self, kind: str, text: str) -> str:
        return self._vault.token_hash(kind, text).hex()
