"""Grants as rows and back."""

from idp.infrastructure.database import Row
from idp.oauth.model import Grant, RevokedGrant, Subject, level_now
from idp.sessions.store import principal_of


def grant_of(row: Row) -> Grant:
    """The grant of a row with `account_level` beside it, at the level that it carries now."""
    amr = tuple(row["amr"].split())
    return Grant(
        id=row["id"],
        client_id=row["client_id"],
        scopes=tuple(row["scope"].split()),
        subject=Subject(
            account_id=row["account_id"] or "",
            session_id=row["session_id"] or "",
            authenticated_at=row["authenticated_at"],
            amr=amr,
            level=level_now(row["level"], row["account_level"], amr),
            mandate_id=row["mandate_id"],
            principal=row["principal"],
        ),
        generation=row["generation"],
        rotated_at=row["rotated_at"],
        expires_at=row["expires_at"],
        revoked=row["revoked_at"] is not None,
    )


def revoked_of(row: Row) -> RevokedGrant:
    """The grant of a row with the columns that REVOKE returns."""
    principal = principal_of(row)
    return RevokedGrant(
        client_id=row["client_id"],
        account_id=row["account_id"],
        session_id=row["session_id"],
        principal_id=principal.id if principal else None,
    )


def columns(grant: Grant, now: float) -> dict[str, object]:
    """The row of a grant but for `revoked_at`."""
    subject = grant.subject
    return {
        "id": grant.id,
        "client_id": grant.client_id,
        "account_id": subject.account_id or None,
        "session_id": subject.session_id or None,
        "mandate_id": subject.mandate_id,
        "principal": subject.principal,
        "scope": " ".join(grant.scopes),
        "offline": int(grant.offline),
        "amr": " ".join(subject.amr),
        "level": subject.level,
        "authenticated_at": subject.authenticated_at,
        "generation": grant.generation,
        "created_at": now,
        "rotated_at": grant.rotated_at,
        "expires_at": grant.expires_at,
    }
