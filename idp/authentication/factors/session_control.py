"""What a session has shown of its account, where a stronger proof decides what stays of it."""

from idp.accounts.control import ProvenControl
from idp.accounts.model import Account
from idp.sessions.model import PASSWORD, SMS, Session

RECENT_SECONDS = 1800.0
"""What was proved or made so lately counts as part of the act; nobody is hurried through it (WCAG 2.2.1)."""

OPENING_SECONDS = 60.0
"""How long after the account the session begins that opened it: one request, but for a slow machine."""


def proven_by(session: Session, account: Account, now: float) -> ProvenControl:
    """Password and phone as far as they were given at this login or lately, and the factors and links used since.

    Whoever is in the session that opened the account lately has bound everything that it has.
    """
    since = now - RECENT_SECONDS
    new = account.created_at >= since and session.authenticated_at - account.created_at < OPENING_SECONDS
    verified_at = account.phone_verified_at
    return ProvenControl(
        session_id=session.id,
        password=new or PASSWORD in session.amr,
        phone=new or SMS in session.amr or (verified_at is not None and verified_at >= since),
        since=since,
    )
