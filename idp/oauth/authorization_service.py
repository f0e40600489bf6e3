"""Answers a checked authorization request: reads its hint, issues the code, records what was refused."""

from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.keys.service import KeyRing, RevokedKey, UntrustedToken
from idp.oauth.codes import Codes
from idp.oauth.model import Code, Subject, TokenLifetimes
from idp.oauth.protocol.authorization import AuthorizationRequest
from idp.oauth.protocol.errors import InvalidRequest, LoginRequired, OAuthError
from idp.oauth.tokens import ID_TOKEN
from idp.sessions.model import Session
from idp.sign_on.model import SignOnState
from idp.sign_on.service import SignOn


class AuthorizationService:
    """What /authorize keeps and records."""

    def __init__(
        self, foundation: Foundation, sign_on: SignOn, keys: KeyRing, lifetimes: TokenLifetimes
    ) -> None:
        self._database = foundation.database
        self._sign_on = sign_on
        self._keys = keys
        self._audit = AuditStore(foundation.sources)
        self._refusals = Refusals(foundation)
        self._codes = Codes(foundation, lifetimes.code)

    def hinted(self, request: AuthorizationRequest) -> str | None:
        """The account of the id_token_hint, expired or not; raises InvalidRequest when it is not ours.

        One of a revoked key names nobody: LoginRequired, and the system asks again without it.
        """
        if request.id_token_hint is None:
            return None
        try:
            return str(self._keys.verify(request.id_token_hint, ID_TOKEN, expired_too=True)["sub"])
        except RevokedKey as error:
            raise LoginRequired("id_token_hint is signed with a key that was revoked") from error
        except (UntrustedToken, KeyError) as error:
            raise InvalidRequest("id_token_hint is not an ID token of this issuer") from error

    async def issue(self, request: AuthorizationRequest, state: SignOnState, address: str) -> str:
        """A code; that it was issued and that the client takes part in the session is on disk before it leaves."""
        session = state.session
        subject = _subject(session)
        code = Code(
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            scopes=request.scopes,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            subject=subject,
        )
        line = AuditEvent(
            event=EventType.AUTHORIZATION_GRANTED,
            account_id=session.account_id,
            client_id=request.client_id,
            session_id=session.id,
            address=address,
            detail={"scope": request.scope, "level": session.level},
            principal=subject.principal_id,
        )

        def work() -> Transaction[None]:
            yield from self._sign_on.join(state, request.client_id)
            yield self._audit.record(line)

        text = await self._codes.issue(code)
        await self._database.write(work)
        return text

    def note_refusal(
        self, error: OAuthError, client_id: str | None, address: str, claimed: str | None = None
    ) -> None:
        """Note that a request was refused: counted, since anybody may send one. `claimed` is a client it only names."""
        detail = {"error": error.code, "reason": error.detail}
        if claimed is not None:
            detail["unproven_client"] = claimed
        self._refusals.note(
            AuditEvent(
                event=EventType.AUTHORIZATION_REFUSED, client_id=client_id, address=address, detail=detail
            )
        )


def _subject(session: Session) -> Subject:
    principal = session.principal
    return Subject(
        session.account_id,
        session.id,
        session.authenticated_at,
        session.amr,
        session.level,
        session.mandate_id,
        principal.to_json() if principal else None,
    )
