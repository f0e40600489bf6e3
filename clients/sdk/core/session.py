"""What a system keeps of a person who is logged in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clients.sdk.core.acting import Principal
from clients.sdk.core.logout import LogoutNotice
from clients.sdk.core.tokens import Identity, Tokens


@dataclass(frozen=True, slots=True)
class Session:
    """One logged-in browser; `claims` are the userinfo, `asked_level` the level its login asked for."""

    identity: Identity
    tokens: Tokens
    claims: Mapping[str, Any] = field(repr=False)
    csrf: str = field(repr=False)
    asked_level: int
    created_at: float
    retry_at: float = 0

    @property
    def subject(self) -> str:
        """The person."""
        return self.identity.subject

    @property
    def principal(self) -> Principal | None:
        """For whom the person acts; None when for themselves."""
        return self.identity.principal

    @property
    def actor(self) -> str | None:
        """The person, where they act for somebody else: whoever did something is always a human."""
        return self.identity.subject if self.identity.principal else None

    @property
    def level(self) -> int:
        """The level this login reached."""
        return self.identity.level

    @property
    def name(self) -> str:
        """What to call the person."""
        for claim in ("name", "preferred_username"):
            if isinstance(self.claims.get(claim), str) and self.claims[claim]:
                return str(self.claims[claim])
        return "用户"

    def refresh_is_due(self, now: float) -> bool:
        """Whether the access token should be renewed now."""
        at = self.tokens.refresh_at
        return self.tokens.refresh_token is not None and at is not None and now >= max(at, self.retry_at)

    def refreshed(self, tokens: Tokens, identity: Identity) -> "Session":
        """With new tokens; the old refresh and ID token stay where the answer brought none (RFC 6749 §6)."""
        kept = replace(
            tokens,
            refresh_token=tokens.refresh_token or self.tokens.refresh_token,
            id_token=tokens.id_token or self.tokens.id_token,
        )
        return replace(self, tokens=kept, identity=identity, retry_at=0)

    def ended_by(self, notice: LogoutNotice) -> bool:
        """Whether a logout notice means this session: the one with that sid, or every one of that person."""
        if notice.subject not in (None, self.identity.subject):
            return False
        return notice.sid is None or notice.sid == self.identity.sid
