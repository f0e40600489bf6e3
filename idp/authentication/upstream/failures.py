"""The page of a login by a platform that did not come about: why, what to do, and the local ways in."""

from starlette.responses import Response

from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LoginFlow
from idp.authentication.upstream.methods import address, way_name
from idp.authentication.upstream.texts import Told, told
from idp.authentication.visitor import Visitor
from idp.federation.linking.outcomes import ArrivalRefused
from idp.federation.model import Failure, UserType
from idp.federation.service import Federation
from idp.infrastructure.translations import CHINESE


class FailurePages:
    """Every such page leads on: the same way once more where that can help, and always the ways of our own."""

    def __init__(self, login_flow: LoginFlow, federation: Federation) -> None:
        self._login_flow = login_flow
        self._federation = federation

    def of(
        self,
        visitor: Visitor,
        name: str,
        user_type: UserType,
        why: ArrivalRefused | Failure,
        sealed: str = "",
    ) -> Response:
        """The page for what became of a login; `sealed` is what the person had come for."""
        reference = why.reference if isinstance(why, ArrivalRefused) else ""
        return self._page(visitor, (name, user_type), told(why), (sealed, reference))

    def page(self, visitor: Visitor, name: str, user_type: UserType, words: Told) -> Response:
        """The page with other words."""
        return self._page(visitor, (name, user_type), words, ("", ""))

    def _page(
        self, visitor: Visitor, way: tuple[str, UserType], words: Told, more: tuple[str, str]
    ) -> Response:
        (name, user_type), (sealed, reference) = way, more
        profile = self._federation.installed[name].profile
        platform = profile.title if visitor.language == CHINESE else profile.title_en
        continuation: Continuation = self._login_flow.continuation(visitor, sealed)
        start = address(name, "start" if user_type is UserType.PERSON else "legal")
        kept = self._login_flow.sealed(continuation)
        response = visitor.page(
            "upstream.html",
            words.status,
            title=visitor.say(words.title, platform=platform),
            text=visitor.say(words.text, platform=platform),
            reference=reference,
            again=self._login_flow.to(start, continuation) if words.again else None,
            login=self._login_flow.to("/login", continuation),
            offers=[
                offer
                for offer in self._login_flow.offers(visitor, kept, way_name(name, user_type))
                if not offer.href.startswith("/login?")
            ],
        )
        if words.status == 503:
            response.headers["retry-after"] = "30"
        return response
