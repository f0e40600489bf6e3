"""/me/profile: the own record, how to be reached, preferences, and asking for a correction."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.accounts.contacts.preferences import Preferences
from idp.accounts.model import CorrectionRequest
from idp.accounts.real_names.certificate_texts import TYPE_TEXTS
from idp.accounts.real_names.certificates import CertificateType
from idp.accounts.real_names.corrections import LONGEST, BadText, Corrections, TooMany
from idp.authentication.guard import LOGGED_IN, STRONG, Guard
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import LANGUAGES
from idp.infrastructure.translations import mark as _
from idp.selfservice.profile.service import BadAddress, BadEmail, Profiles
from idp.selfservice.security.routes import LAPSED

PROFILE = "/me/profile"
CONTACT = "/me/profile/contact"
PREFERENCES = "/me/profile/preferences"
CORRECTION = "/me/profile/correction"
DONE = {
    "contact": _("联系方式已保存。"),
    "phone": _("手机号已换绑。"),
    "preferences": _("显示方式已保存，在您的其他设备上也一样。"),
    "correction": _("申请已提交。办好后会通知您，答复也会显示在这里。"),
}
BAD_EMAIL = _("请检查电子邮箱，例如 name@example.cn。")
BAD_ADDRESS = _("地址不能超过 200 个字。")
BAD_TEXT = _("请写明哪里不对、应该是什么，最多 500 个字。")
ENOUGH = _("您今天提交的申请已经够多了，请明天再来，或到窗口办理。")
CORRECTION_STATES = {
    "open": _("等待办理"),
    "done": _("已更正"),
    "refused": _("没有更正"),
}


class ProfilePages:
    """Reading needs a login; changing how one is reached, a fresh and full one."""

    def __init__(
        self,
        guard: Guard,
        profiles: Profiles,
        preferences: Preferences,
        corrections: Corrections,
    ) -> None:
        self._guard = guard
        self._profiles = profiles
        self._preferences = preferences
        self._corrections = corrections

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            PROFILE: {"GET": self._guard.show(self.show)},
            CONTACT: {
                "GET": self._guard.show(self.show_contact, STRONG.back_to(CONTACT)),
                "POST": self._guard.act(self.change_contact, self._lapsed, STRONG.back_to(CONTACT)),
            },
            PREFERENCES: {
                "POST": self._guard.act(self.change_preferences, self._lapsed, LOGGED_IN.back_to(PROFILE))
            },
            CORRECTION: {
                "GET": self._guard.show(self.show_correction),
                "POST": self._guard.act(self.ask, self._lapsed_correction, LOGGED_IN.back_to(CORRECTION)),
            },
        }

    async def show(self, visitor: Subscriber) -> Response:
        """The record."""
        return await self._page(visitor)

    async def show_contact(self, visitor: Subscriber) -> Response:
        """The form for mail and address, filled in."""
        profile = await self._profiles.of_session(visitor.session)
        return self._contact_page(visitor, profile.email or "", profile.address or "")

    async def change_contact(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Save them."""
        email, address = fields.get("email", ""), fields.get("address", "")
        owner = visitor.owner
        try:
            await self._profiles.change_contact(owner, email, address)
        except BadEmail:
            return self._contact_page(visitor, email, address, BAD_EMAIL)
        except BadAddress:
            return self._contact_page(visitor, email, address, BAD_ADDRESS)
        return self._done(visitor, "contact")

    async def change_preferences(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Language and elder mode, for the account and for this browser."""
        elder, language = fields.get("elder") == "yes", fields.get("language", "")
        response = self._done(visitor, "preferences")
        await self._preferences.keep_elder(visitor.account_id, elder)
        visitor.site.keep_elder(response, elder)
        if language in LANGUAGES:
            await self._preferences.keep_language(visitor.account_id, language)
            visitor.site.keep_language(response, language)
        return response

    async def show_correction(self, visitor: Subscriber) -> Response:
        """The form that asks what is wrong."""
        return self._correction_page(visitor)

    async def ask(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Hand it to the counter."""
        wanted = fields.get("wanted", "")
        try:
            await self._corrections.ask(visitor.account_id, wanted, visitor.caller.address)
        except BadText:
            return self._correction_page(visitor, wanted, BAD_TEXT)
        except TooMany:
            return self._correction_page(visitor, wanted, ENOUGH, 429)
        return self._done(visitor, "correction")

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._page(visitor, LAPSED, 400)

    async def _lapsed_correction(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return self._correction_page(visitor, error=LAPSED)

    def _done(self, visitor: Visitor, word: str) -> Response:
        return visitor.redirect(f"{PROFILE}?done={word}")

    async def _page(self, visitor: Subscriber, error: str | None = None, status: int = 200) -> Response:
        profile = await self._profiles.of_session(visitor.session)
        wanted = await self._corrections.of_account(visitor.account_id)
        return visitor.page(
            "profile.html",
            status,
            here=PROFILE,
            again=PROFILE,
            done=visitor.done(DONE),
            error=visitor.said(error),
            profile=profile,
            certificate_name=self._certificate(visitor, profile.certificate_type),
            since=clock(profile.created_at),
            languages=list(LANGUAGES.items()),
            corrections=[self._shown(visitor, each) for each in wanted],
        )

    def _certificate(self, visitor: Visitor, type_: str | None) -> str:
        known = [each for each in CertificateType if each == type_]
        return visitor.say(TYPE_TEXTS[known[0]]) if known else type_ or ""

    def _shown(self, visitor: Visitor, correction: CorrectionRequest) -> dict[str, str]:
        return {
            "at": clock(correction.asked_at),
            "state": visitor.say(CORRECTION_STATES[correction.state]),
            "wanted": correction.wanted,
            "answer": correction.answer,
        }

    def _contact_page(self, visitor: Visitor, email: str, address: str, error: str | None = None) -> Response:
        return visitor.page(
            "profile_contact.html",
            400 if error else 200,
            here=PROFILE,
            action=CONTACT,
            email=email,
            address=address,
            error=visitor.said(error),
            bad_email=error == BAD_EMAIL,
            bad_address=error == BAD_ADDRESS,
            back=PROFILE,
        )

    def _correction_page(
        self, visitor: Visitor, wanted: str = "", error: str | None = None, status: int = 400
    ) -> Response:
        return visitor.page(
            "profile_correction.html",
            status if error else 200,
            here=PROFILE,
            action=CORRECTION,
            wanted=wanted,
            longest=LONGEST,
            error=visitor.said(error),
            back=PROFILE,
        )
