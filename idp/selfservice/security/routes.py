"""/me/security: what protects the account: second factors, recovery codes, the person's choices."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.accounts.authenticator_store import RECOVERY_CODE, STAND_INS
from idp.authentication.factors.service import FEW_RECOVERY_CODES, Factors, OwnFactor
from idp.authentication.guard import LOGGED_IN, STRONG, Act, Guard
from idp.authentication.login.flow import LOGIN, SECURITY, LoginFlow
from idp.authentication.login.own_password import OwnPassword
from idp.authentication.model import Choice, NotAllowed, chosen
from idp.authentication.passkeys.service import Passkeys
from idp.authentication.visitor import Page, Pages, Subscriber, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.selfservice.security.texts import FACTOR_REFUSALS
from idp.sessions.model import MULTIPLE

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
CHANGING = STRONG.back_to(SECURITY)


def done(visitor: Visitor, word: str) -> Response:
    """Back to the list, which says what was done."""
    return visitor.redirect(f"{SECURITY}?done={word}")


class SecurityPages:
    """The list, and what is changed by a button on it."""

    def __init__(
        self,
        guard: Guard,
        login_flow: LoginFlow,
        factors: Factors,
        passkeys: Passkeys,
        password: OwnPassword,
        *,
        has_platforms: bool = False,
    ) -> None:
        self._guard = guard
        self._login_flow = login_flow
        self._factors = factors
        self._passkeys = passkeys
        self._password = password
        self._has_platforms = has_platforms

    def routes(self) -> Pages:
        """Path → method → handler."""
        show = self._guard.show(self.show, LOGGED_IN.back_to(SECURITY))
        return {
            SECURITY: {"GET": show},
            REMOVE: {
                "GET": self._guard.show(self.confirm_removal, CHANGING),
                "POST": self._changed(self.remove),
            },
            RECOVERY: {"GET": show, "POST": self._changed(self.recovery_codes)},
            CHOICES: {"GET": show, "POST": self._changed(self.choose)},
        }

    async def show(self, visitor: Subscriber) -> Response:
        """What the account has."""
        return await self._page(visitor, done=visitor.done(DONE))

    async def confirm_removal(self, visitor: Subscriber) -> Response:
        """Asks once more, by name."""
        factor = self._factor(await self._factors.of_account(visitor.account_id), visitor.query.get("id"))
        if factor is None:
            return visitor.redirect(SECURITY)
        return visitor.page(
            "security_remove.html",
            here=SECURITY,
            action=REMOVE,
            id=factor.id,
            what=self._named(visitor, factor),
            back=SECURITY,
        )

    async def remove(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Remove a second factor."""
        removed = await self._factors.remove(visitor.session, fields.get("id", ""), visitor.caller)
        return done(visitor, "removed") if removed else visitor.redirect(SECURITY)

    async def recovery_codes(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """New recovery codes: on this page and nowhere else."""
        codes = await self._factors.make_recovery_codes(visitor.session, visitor.caller)
        grouped = ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]
        return visitor.page("recovery_codes.html", here=SECURITY, once=True, codes=grouped, back=SECURITY)

    async def choose(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Keep the person's choices."""
        choices = frozenset(choice for choice in Choice if choice.value in fields)
        await self._factors.choose(visitor.session, choices, visitor.caller)
        return done(visitor, "chosen")

    def _changed(self, change: Act[Subscriber]) -> Page:
        """A form whose change may not be allowed, which the list then says."""

        async def act(visitor: Subscriber, fields: dict[str, str]) -> Response:
            try:
                return await change(visitor, fields)
            except NotAllowed as refused:
                return await self._page(
                    visitor, error=visitor.say(FACTOR_REFUSALS[refused.reason]), status=409
                )

        return self._guard.act(act, self._lapsed, CHANGING)

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._page(visitor, error=visitor.say(LAPSED), status=400)

    async def _page(
        self,
        visitor: Subscriber,
        *,
        done: str | None = None,
        error: str | None = None,
        status: int = 200,
    ) -> Response:
        factors = await self._factors.of_account(visitor.account_id)
        strong = [factor for factor in factors if factor.kind not in STAND_INS]
        codes = sum(factor.kind == RECOVERY_CODE for factor in factors)
        sealed = visitor.query.get("continue")
        continuation = self._login_flow.continuation(visitor, sealed) if sealed else None
        return visitor.page(
            "security.html",
            status,
            here=SECURITY,
            done=done,
            error=error,
            has_password=await self._password.exists(visitor.session),
            factors=[self._row(visitor, factor) for factor in strong],
            codes=codes,
            few_codes=bool(strong) and codes <= FEW_RECOVERY_CODES,
            lacking=len(strong) < await self._factors.needed(visitor.account_id),
            weak=bool(strong) and MULTIPLE not in visitor.session.amr,
            passkeys=self._passkeys.available,
            enrolled=[
                (visitor.say(method.texts.add), f"{SECURITY}/{kind}")
                for kind, method in self._factors.methods.items()
                if method.enrolment is not None
            ],
            has_platforms=self._has_platforms,
            choices={choice.value for choice in chosen(await self._factors.choices(visitor.account_id))},
            go_on=self._login_flow.to(LOGIN, continuation) if continuation else None,
        )

    def _row(self, visitor: Visitor, factor: OwnFactor) -> dict[str, str | None]:
        return {
            "id": factor.id,
            "what": self._named(visitor, factor),
            "since": clock(factor.created_at),
            "used": clock(factor.last_used_at) if factor.last_used_at else None,
        }

    def _named(self, visitor: Visitor, factor: OwnFactor) -> str:
        kind = visitor.say(self._factors.methods[factor.kind].texts.title)
        return f"{kind} · {factor.label}" if factor.label else kind

    @staticmethod
    def _factor(factors: list[OwnFactor], factor_id: str | None) -> OwnFactor | None:
        return next((each for each in factors if each.id == factor_id and each.kind not in STAND_INS), None)
