"""/me/security: what protects the account: second factors, recovery codes, the person's choices."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from idp.accounts.authenticator_store import RECOVERY_CODE, STAND_INS
from idp.authentication.factors import FEW_RECOVERY_CODES, Factor, NotAllowed
from idp.authentication.login_flow import LOGIN, SECURITY
from idp.authentication.model import Choice, chosen
from idp.authentication.own_password import OwnPassword
from idp.authentication.passkeys import Passkeys
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged
from idp.selfservice.security_door import SecurityDoor
from idp.sessions.model import MULTIPLE, Session

REMOVE = "/me/security/remove"
RECOVERY = "/me/security/recovery-codes"
CHOICES = "/me/security/choices"
PASSWORD = "/me/security/password"  # noqa: S105
ADD_PASSKEY = "/me/security/passkey"

DONE = {
    "added": _("已添加。"),
    "removed": _("已移除。"),
    "chosen": _("已保存。"),
    "password": _("密码已修改，其他设备上的登录已全部退出。"),
}
LAPSED = _("页面已过期，请重试。")
Change = Callable[[Session, dict[str, str]], Awaitable[str | Response]]
"""Does what a form asks for: the word for what was done, or a page. Raises NotAllowed."""


class SecurityPages:
    """The list, and what is changed by a button on it."""

    def __init__(
        self, door: SecurityDoor, passkeys: Passkeys, password: OwnPassword, *, has_platforms: bool = False
    ) -> None:
        self._door = door
        self._site = door.site
        self._factors = door.factors
        self._passkeys = passkeys
        self._password = password
        self._has_platforms = has_platforms

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            SECURITY: {"GET": self.show},
            REMOVE: {"GET": self.confirm_removal, "POST": self.remove},
            RECOVERY: {"GET": self.show, "POST": self.recovery_codes},
            CHOICES: {"GET": self.show, "POST": self.choose},
        }

    async def show(self, visitor: Visitor) -> Response:
        """What the account has."""
        session = await self._door.centre.enter(visitor, back=SECURITY)
        if isinstance(session, Response):
            return session
        done = DONE.get(visitor.query.get("done", ""))
        return await self._page(visitor, session, done=visitor.say(done) if done else None)

    async def confirm_removal(self, visitor: Visitor) -> Response:
        """Asks once more, by name."""
        session = await self._door.enter(visitor)
        if isinstance(session, Response):
            return session
        factor = self._factor(await self._factors.of_account(session.account_id), visitor.query.get("id"))
        if factor is None:
            return self._site.redirect(SECURITY)
        return visitor.page(
            "security_remove.html",
            here=SECURITY,
            action=REMOVE,
            id=factor.id,
            what=self._named(visitor, factor),
            back=SECURITY,
        )

    async def remove(self, visitor: Visitor) -> Response:
        """Remove a second factor."""

        async def change(session: Session, fields: dict[str, str]) -> str:
            caller = visitor.caller
            done = await self._factors.remove(session, fields.get("id", ""), caller)
            return "removed" if done else ""

        return await self._change(visitor, change)

    async def recovery_codes(self, visitor: Visitor) -> Response:
        """New recovery codes: on this page and nowhere else."""

        async def change(session: Session, fields: dict[str, str]) -> Response:
            codes = await self._factors.make_recovery_codes(session, visitor.caller)
            grouped = ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]
            return visitor.page("recovery_codes.html", here=SECURITY, once=True, codes=grouped, back=SECURITY)

        return await self._change(visitor, change)

    async def choose(self, visitor: Visitor) -> Response:
        """Keep the person's choices."""

        async def change(session: Session, fields: dict[str, str]) -> str:
            choices = frozenset(choice for choice in Choice if choice.value in fields)
            await self._factors.choose(session, choices, visitor.caller)
            return "chosen"

        return await self._change(visitor, change)

    async def _change(self, visitor: Visitor, change: Change) -> Response:
        session = await self._door.enter(visitor)
        if isinstance(session, Response):
            return session
        try:
            outcome = await change(session, await visitor.form())
        except (Forged, UnreadableForm):
            return await self._page(visitor, session, error=visitor.say(LAPSED), status=400)
        except NotAllowed as refused:
            error = visitor.say(str(refused))
            return await self._page(visitor, session, error=error, status=409)
        if isinstance(outcome, Response):
            return outcome
        return self._door.done(outcome) if outcome else self._site.redirect(SECURITY)

    async def _page(
        self,
        visitor: Visitor,
        session: Session,
        *,
        done: str | None = None,
        error: str | None = None,
        status: int = 200,
    ) -> Response:
        factors = await self._factors.of_account(session.account_id)
        strong = [factor for factor in factors if factor.kind not in STAND_INS]
        codes = sum(factor.kind == RECOVERY_CODE for factor in factors)
        sealed = visitor.query.get("continue")
        continuation = self._door.login_flow.continuation(visitor, sealed) if sealed else None
        return visitor.page(
            "security.html",
            status,
            here=SECURITY,
            done=done,
            error=error,
            has_password=await self._password.exists(session),
            factors=[self._row(visitor, factor) for factor in strong],
            codes=codes,
            few_codes=bool(strong) and codes <= FEW_RECOVERY_CODES,
            lacking=len(strong) < await self._factors.needed(session.account_id),
            weak=bool(strong) and MULTIPLE not in session.amr,
            passkeys=self._passkeys.available,
            enrolled=[
                (visitor.say(method.texts.add), f"{SECURITY}/{kind}")
                for kind, method in self._factors.methods.items()
                if method.enrolment is not None
            ],
            has_platforms=self._has_platforms,
            choices={choice.value for choice in chosen(await self._factors.choices(session.account_id))},
            go_on=self._door.login_flow.to(LOGIN, continuation) if continuation else None,
        )

    def _row(self, visitor: Visitor, factor: Factor) -> dict[str, str | None]:
        return {
            "id": factor.id,
            "what": self._named(visitor, factor),
            "since": clock(factor.created_at),
            "used": clock(factor.last_used_at) if factor.last_used_at else None,
        }

    def _named(self, visitor: Visitor, factor: Factor) -> str:
        kind = visitor.say(self._factors.methods[factor.kind].texts.title)
        return f"{kind} · {factor.label}" if factor.label else kind

    @staticmethod
    def _factor(factors: list[Factor], factor_id: str | None) -> Factor | None:
        return next((each for each in factors if each.id == factor_id and each.kind not in STAND_INS), None)
