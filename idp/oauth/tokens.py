"""Mints access tokens (RFC 9068), ID tokens (OpenID Connect Core §2) and what is answered with them."""

import base64
import hashlib
from typing import Any

from idp.infrastructure.foundation import Foundation
from idp.keys.model import Algorithm
from idp.keys.service import KeyRing
from idp.oauth import refresh_tokens
from idp.oauth.model import Grant, Subject, TokenLifetimes
from idp.oauth.protocol import acr
from idp.oauth.protocol.acting import acting_claims
from idp.oauth.refresh_tokens import RefreshToken
from idp.relying_parties.model import Client, GrantType
from idp.relying_parties.scopes import OPENID

ACCESS_TOKEN = "at+jwt"  # noqa: S105
ID_TOKEN = "JWT"  # noqa: S105
GRANT_CLAIM = "grant_id"


TokenResponse = dict[str, Any]
"""A token response (RFC 6749 §5.1)."""


class TokenIssuer:
    """Makes tokens under ids chosen before, so that what they stand for can be on disk first."""

    def __init__(self, issuer: str, foundation: Foundation, keys: KeyRing, lifetimes: TokenLifetimes) -> None:
        self._issuer = issuer
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._keys = keys
        self._lifetimes = lifetimes

    def for_client(self, client: Client, scopes: tuple[str, ...], jti: str) -> TokenResponse:
        """The answer to client_credentials: the client is its own subject (RFC 9068 §2.2)."""
        token = self._access_token(client, scopes, jti, {"sub": client.client_id})
        return self._response(token, scopes)

    def for_grant(
        self, client: Client, grant: Grant, scopes: tuple[str, ...], jti: str, nonce: str | None = None
    ) -> TokenResponse:
        """The answer to a code or a refresh token, in the grant's current generation."""
        subject = grant.subject
        about = {
            "sub": subject.account_id,
            "sid": subject.session_id,
            "auth_time": int(subject.authenticated_at),
            "acr": acr.of_level(subject.level),
            GRANT_CLAIM: grant.id,
            **acting_claims(subject.account_id, subject.represented),
        }
        token = self._access_token(client, scopes, jti, about)
        response = self._response(token, scopes)
        if client.may(GrantType.REFRESH_TOKEN):
            response["refresh_token"] = self.refresh_token(grant)
        if OPENID in scopes:
            response["id_token"] = self.id_token(client, subject, token, nonce)
        return response

    def refresh_token(self, grant: Grant) -> str:
        """The refresh token of a grant's current generation."""
        return refresh_tokens.mint(self._vault, RefreshToken(grant.id, grant.generation))

    def id_token(self, client: Client, subject: Subject, access_token: str, nonce: str | None) -> str:
        """Who logged in, when, how strongly, for this client."""
        now = int(self._sources.now())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": subject.account_id,
            "aud": client.client_id,
            "iat": now,
            "exp": now + self._lifetimes.id_token,
            "auth_time": int(subject.authenticated_at),
            "acr": acr.of_level(subject.level),
            "amr": list(subject.amr),
            "sid": subject.session_id,
            **acting_claims(subject.account_id, subject.represented),
        }
        algorithm = Algorithm(client.id_token_signed_response_alg)
        claims["at_hash"] = _half_hash(access_token, algorithm)
        if nonce is not None:
            claims["nonce"] = nonce
        return self._keys.sign(algorithm, ID_TOKEN, claims)

    def _access_token(self, client: Client, scopes: tuple[str, ...], jti: str, about: dict[str, Any]) -> str:
        now = int(self._sources.now())
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "client_id": client.client_id,
            "iat": now,
            "exp": now + self._lifetimes.access_token,
            "jti": jti,
            "scope": " ".join(scopes),
            **about,
        }
        return self._keys.sign(Algorithm.ES256, ACCESS_TOKEN, claims)

    def _response(self, access_token: str, scopes: tuple[str, ...]) -> TokenResponse:
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self._lifetimes.access_token,
            "scope": " ".join(scopes),
        }


def _half_hash(token: str, algorithm: Algorithm) -> str:
    """at_hash (OpenID Connect Core §3.1.3.6); EdDSA with Ed25519 hashes with SHA-512."""
    digest = (hashlib.sha512 if algorithm is Algorithm.EDDSA else hashlib.sha256)(
        token.encode("ascii")
    ).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
