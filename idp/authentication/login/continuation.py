"""What a person came for before we asked who they are; carried, sealed, through the login pages."""

from dataclasses import dataclass, replace

from idp.infrastructure.vault import Unreadable, Vault

PURPOSE = "login.continuation"
LIFETIME_SECONDS = 3600


class Lapsed(Exception):
    """The continuation cannot be read: it was altered, or is not ours."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where to go on after the login.

    `query` is the request to resume, in the words of `protocol`, else `path` one of our own pages; `asked_at` when it
    arrived (a login or consent after that satisfies its prompt); `browser` binds it to one browser; `level` is what a
    step-up has to reach; `again` says that the person must prove themselves even with a session, `strong` that one
    factor is too little, `declined` that they would not have their level raised for this request, `account_id` whose
    session alone will do.
    """

    asked_at: float
    browser: str
    query: str | None = None
    protocol: str = "oauth"
    client_id: str | None = None
    level: int = 0
    again: bool = False
    strong: bool = False
    declined: bool = False
    account_id: str = ""
    login_hint: str = ""
    path: str = "/"

    def seal(self, vault: Vault) -> str:
        """The text that the pages carry."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return vault.seal(PURPOSE, fields)


def unseal(vault: Vault, text: str, browser: str, now: float) -> Continuation:
    """The continuation of a sealed text; raises Lapsed.

    In another browser, or after long, the request stands as if it came now: nobody can use a seal to make an
    older login or consent of somebody else count for it. What a newer release seals beside is not looked at.
    """
    try:
        sealed = vault.unseal(PURPOSE, text)
        known = {name: value for name, value in sealed.items() if name in Continuation.__slots__}
        continuation = Continuation(**known)
    except (Unreadable, TypeError, ValueError) as error:
        raise Lapsed("unreadable") from error
    if continuation.browser != browser or continuation.asked_at < now - LIFETIME_SECONDS:
        return replace(continuation, browser=browser, asked_at=now)
    return continuation
