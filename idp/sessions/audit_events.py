"""What the record says of a session: how it began, grew stronger and ended."""

from idp.accounts.model import Account
from idp.audit.model import AuditEvent, EventType
from idp.organizations.model import Principal
from idp.sessions.model import Caller, Session, SessionEnd, StoredSession


def begun(
    account: Account,
    session_id: str,
    amr: tuple[str, ...],
    caller: Caller,
    principal: Principal | None = None,
) -> AuditEvent:
    """Somebody logged in; `principal`: by an organisation's login, which may not say who."""
    return AuditEvent(
        event=EventType.LOGIN_SUCCEEDED,
        account_id=account.id,
        session_id=session_id,
        address=caller.address,
        detail={"amr": list(amr)} | ({"human": principal.human.value} if principal else {}),
        principal=principal.id if principal else None,
    )


def strengthened(account: Account, session: Session, amr: tuple[str, ...], caller: Caller) -> AuditEvent:
    """They have shown more."""
    return AuditEvent(
        event=EventType.SESSION_STEPPED_UP,
        account_id=account.id,
        session_id=session.id,
        address=caller.address,
        detail={"amr": list(amr)},
        principal=session.principal.id if session.principal else None,
    )


def outdated(account: Account, caller: Caller) -> AuditEvent:
    """What was proved counts no more."""
    return AuditEvent(
        event=EventType.LOGIN_FAILED,
        account_id=account.id,
        address=caller.address,
        detail={"reason": "changed"},
    )


def represented(
    event: EventType, account_id: str, session_id: str, principal: Principal, caller: Caller
) -> AuditEvent:
    """They began, or ended, to act for somebody."""
    return AuditEvent(
        event=event,
        account_id=account_id,
        session_id=session_id,
        address=caller.address,
        detail={"mandate": principal.mandate_id, "relation": principal.relation},
        principal=principal.id,
    )


def ended(session: StoredSession, farewell: SessionEnd) -> AuditEvent:
    """A session is over."""
    return AuditEvent(
        event=EventType.SESSION_ENDED,
        account_id=session.account_id,
        session_id=session.id,
        address=farewell.address,
        actor=farewell.actor,
        detail={"reason": farewell.reason},
        principal=session.principal.id if session.principal else None,
    )
