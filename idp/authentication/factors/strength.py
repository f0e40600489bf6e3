"""What a session has to show before it may change what protects its account."""

from enum import StrEnum

from idp.sessions.model import MULTIPLE, Session


class Lacking(StrEnum):
    """What a session has not shown and must."""

    SECOND_FACTOR = "the second factor"
    KNOWLEDGE = "more than the phone"
    """The password, or name and certificate number."""


def lacking(session: Session, *, second_factor: bool) -> Lacking | None:
    """The second factor, where the account has one; else something beside the phone, if nothing else was shown."""
    if MULTIPLE in session.amr:
        return None
    if second_factor:
        return Lacking.SECOND_FACTOR
    return Lacking.KNOWLEDGE if session.rests_on_number else None
