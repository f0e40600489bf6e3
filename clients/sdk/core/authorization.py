"""To the provider and back: authorization request and response (RFC 6749 §4.1, RFC 7636, RFC 9207)."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlencode

from clients.sdk.core.errors import InvalidResponse, Refused
from clients.sdk.core.levels import acr_of
from clients.sdk.core.metadata import Metadata, Registration
from clients.sdk.core.paths import local_path
from clients.sdk.sources import Sources

TRANSACTION_SECONDS = 600
_STATE_BYTES = 24
_VERIFIER_BYTES = 32
_SINGLE = ("state", "code", "error", "iss")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One login under way in one tab of one browser."""

    state: str
    nonce: str
    code_verifier: str = field(repr=False)
    return_to: str
    level: int
    started_at: float

    def expired(self, now: float) -> bool:
        """Whether too much time has passed to go on."""
        return not self.started_at <= now < self.started_at + TRANSACTION_SECONDS


def begin(sources: Sources, return_to: str | None = None, level: int = 0) -> Transaction:
    """A new login that shall end at a local path, asking for a level (0 asks for none)."""
    return Transaction(
        state=sources.new_token(_STATE_BYTES),
        nonce=sources.new_token(_STATE_BYTES),
        code_verifier=sources.new_token(_VERIFIER_BYTES),
        return_to=local_path(return_to),
        level=level,
        started_at=sources.now(),
    )


def code_challenge(code_verifier: str) -> str:
    """The S256 challenge (RFC 7636 §4.2)."""
    return urlsafe_b64encode(sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


def authorization_url(metadata: Metadata, registration: Registration, transaction: Transaction) -> str:
    """Where to send the browser."""
    parameters = {
        "response_type": "code",
        "client_id": registration.client_id,
        "redirect_uri": registration.redirect_uri,
        "scope": registration.scope,
        "state": transaction.state,
        "nonce": transaction.nonce,
        "code_challenge": code_challenge(transaction.code_verifier),
        "code_challenge_method": "S256",
    }
    if transaction.level:
        parameters["acr_values"] = acr_of(transaction.level)
    return with_query(metadata.authorization_endpoint, parameters)


def with_query(endpoint: str, parameters: dict[str, str]) -> str:
    """An endpoint's URL with parameters; one that has a query keeps it (RFC 6749 §3.1)."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def check_callback(
    pairs: Sequence[tuple[str, str]], transaction: Transaction, metadata: Metadata, now: float
) -> str:
    """The code of an authorization response to this transaction; raises InvalidResponse, Refused."""
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given and name in _SINGLE:
            raise InvalidResponse(f"{name} is given twice")  # RFC 6749 §3.1
        given[name] = value
    if not hmac.compare_digest(given.get("state", "").encode(), transaction.state.encode()):
        raise InvalidResponse("state belongs to another login")
    if transaction.expired(now):
        raise InvalidResponse("the login took too long")
    # RFC 9207 §2.4: before anything else of the answer is believed, errors included
    issuer = given.get("iss")
    if (issuer is not None or metadata.sends_iss) and issuer != metadata.issuer:
        raise InvalidResponse("iss is missing or another issuer's")
    if "error" in given:
        raise Refused(given["error"], given.get("error_description", ""))
    if not given.get("code"):
        raise InvalidResponse("neither code nor error")
    return given["code"]
