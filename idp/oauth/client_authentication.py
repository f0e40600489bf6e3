"""Who the client is: basic, post, private_key_jwt or none (OpenID Connect Core §9, RFC 7523), one way only."""

import base64
from typing import Any
from urllib.parse import unquote_plus

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet
from starlette.requests import Request

from idp.infrastructure.foundation import Foundation
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.single_use import SingleUse
from idp.oauth.client_keys import ClientKeys, NoKeys
from idp.oauth.protocol.assertions import fault, longest_life
from idp.oauth.protocol.errors import InvalidClient, InvalidRequest
from idp.oauth.protocol.parameters import Parameters
from idp.relying_parties.model import ASSERTION_SECONDS, AuthMethod, Client
from idp.relying_parties.service import Registry

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
_REFUSAL = "client authentication failed"


class ClientAuthenticator:
    """Authenticates the client of a request. The answer never says which part was wrong."""

    def __init__(self, issuer: str, foundation: Foundation, registry: Registry, http: HttpClient) -> None:
        self._issuer = issuer
        self._single_use = SingleUse(foundation)
        self._sources = foundation.sources
        self._registry = registry
        self._published = ClientKeys(http, foundation.sources.now)

    async def authenticate(self, request: Request, parameters: Parameters) -> Client:
        """The client; raises InvalidClient, or InvalidRequest where it tries two ways at once (RFC 6749 §2.3)."""
        header = request.headers.get("authorization")
        assertion = parameters.get("client_assertion")
        secret = parameters.get("client_secret")
        if (header, assertion, secret).count(None) < 2:
            raise InvalidRequest("the client authenticates in more than one way")
        if header is not None:
            client_id, basic_secret = _basic(header)
            self._same_client(parameters, client_id)
            return await self._by_secret(client_id, basic_secret, AuthMethod.BASIC)
        if assertion is not None:
            return await self._by_assertion(assertion, parameters)
        client_id = parameters.require("client_id")
        if secret is not None:
            return await self._by_secret(client_id, secret, AuthMethod.POST)
        return await self._known(client_id, AuthMethod.NONE)

    def knows(self, client_id: str) -> bool:
        """Whether it is the id of a client that was ever registered."""
        return self._registry.knows(client_id)

    async def _known(self, client_id: str, method: AuthMethod) -> Client:
        await self._registry.learn(client_id)
        client = self._registry.find(client_id)
        if client is None:
            raise InvalidClient(_REFUSAL, detail="unknown or disabled client")
        if client.token_endpoint_auth_method is not method:
            raise InvalidClient(_REFUSAL, detail=f"not registered for {method}")
        return client

    async def _by_secret(self, client_id: str, secret: str, method: AuthMethod) -> Client:
        client = await self._known(client_id, method)
        if not self._registry.secret_matches(client_id, secret):
            raise InvalidClient(_REFUSAL, detail="wrong secret")
        return client

    @staticmethod
    def _same_client(parameters: Parameters, client_id: str) -> None:
        if parameters.get("client_id", client_id) != client_id:
            raise InvalidRequest("client_id differs from the authenticated client")

    async def _by_assertion(self, assertion: str, parameters: Parameters) -> Client:
        if parameters.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidRequest("client_assertion_type must be jwt-bearer")
        client_id = _claimed_issuer(assertion)
        self._same_client(parameters, client_id)
        client = await self._known(client_id, AuthMethod.PRIVATE_KEY_JWT)
        claims = await self._verified(assertion, client)
        longest = longest_life(client.assertion_lifetime or ASSERTION_SECONDS)
        wrong = fault(claims, client_id, self._audiences(client), self._sources.now(), longest)
        if wrong is not None:
            raise InvalidClient(_REFUSAL, detail=f"assertion: {wrong}")
        if not await self._single_use.spend("assertion", f"{client_id}:{claims['jti']}", longest):
            raise InvalidClient(_REFUSAL, detail="assertion: used before")
        return client

    def _audiences(self, client: Client) -> tuple[str, ...]:
        """The issuer, at whichever endpoint; /token only for a client that is registered for it.

        What is meant for an address that another server's metadata may name as its own can be taken there by whoever
        received it (RFC 7523bis; the disclosure of the OpenID Foundation of January 2025).
        """
        if client.assertion_audience == "token_endpoint":
            return self._issuer, f"{self._issuer}/token"
        return (self._issuer,)

    async def _verified(self, assertion: str, client: Client) -> dict[str, Any]:
        """The claims, checked with the client's own keys; a key we do not know yet is fetched once."""
        for fresh in (False, True):
            keys = await self._keys_of(client, fresh=fresh)
            try:
                payload = jws.deserialize_compact(
                    assertion, _candidates(keys), algorithms=list(ASSERTION_ALGORITHMS)
                ).payload
                claims = orjson.loads(payload)
            except (JoseError, ValueError, TypeError) as error:
                if fresh or client.jwks is not None:
                    raise InvalidClient(_REFUSAL, detail=f"assertion: {type(error).__name__}") from error
                continue
            if isinstance(claims, dict):
                return claims
        raise InvalidClient(_REFUSAL, detail="assertion: no object")

    async def _keys_of(self, client: Client, *, fresh: bool) -> KeySet:
        if client.jwks is not None:
            return KeySet.import_key_set(client.jwks)  # type: ignore[arg-type]
        keys = await self._published.at(client.jwks_uri or "", fresh=fresh)
        if isinstance(keys, NoKeys):
            raise InvalidClient(_REFUSAL, detail=f"jwks_uri: {keys.reason}")
        return keys


def _candidates(keys: KeySet) -> Key | KeySet:
    """Where one key without `kid` is registered it is meant, whatever name the assertion gives it."""
    only = keys.keys[0]
    # The library calls a key without a name by its thumbprint (RFC 7638).
    return only if len(keys.keys) == 1 and only.kid == only.thumbprint() else keys


def claimed_client(request: Request, parameters: Parameters) -> str | None:
    """Who the request says that it is from, proven or not."""
    header, assertion = request.headers.get("authorization"), parameters.get("client_assertion")
    try:
        if header is not None:
            return _basic(header)[0]
        if assertion is not None:
            return _claimed_issuer(assertion)
    except InvalidClient:
        return None
    return parameters.get("client_id")


def _basic(header: str) -> tuple[str, str]:
    """Client id and secret of a Basic header, form-decoded (RFC 6749 §2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError("another scheme")
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        if not colon:
            raise ValueError("no colon")
        return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError as error:
        raise InvalidClient(_REFUSAL, detail="malformed Authorization header") from error


def _claimed_issuer(assertion: str) -> str:
    """Whose keys to check the assertion with; believed only once the signature is."""
    try:
        claims = orjson.loads(jws.extract_compact(assertion.encode()).payload)
        return str(claims["iss"])
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise InvalidClient(_REFUSAL, detail="assertion: unreadable") from error
