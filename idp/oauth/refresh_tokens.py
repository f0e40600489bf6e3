"""Refresh tokens: opaque, computed rather than stored, so that a rotation can be answered twice with one successor.

A token names its grant and generation and proves both with a key that only we have. A forged one never reaches the
database; an old one is known for what it is however old it is, and the grant stays one row.
"""

import base64
import hmac
import uuid
from dataclasses import dataclass

from idp.infrastructure.vault import Vault

PREFIX = "zrt_"
KIND = "refresh_token"
_ID_BYTES = 16
_GENERATION_BYTES = 4
_NAME_BYTES = _ID_BYTES + _GENERATION_BYTES
_PROOF_BYTES = 32


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A genuine refresh token."""

    grant_id: str
    generation: int


def mint(vault: Vault, token: RefreshToken) -> str:
    """The text of a token."""
    name = uuid.UUID(token.grant_id).bytes + token.generation.to_bytes(_GENERATION_BYTES, "big")
    return PREFIX + base64.urlsafe_b64encode(name + _proof(vault, name)).decode().rstrip("=")


def read(vault: Vault, text: str) -> RefreshToken | None:
    """The token of a text; None when we did not make it."""
    if not text.startswith(PREFIX) or not text.isascii():
        return None
    body = text.removeprefix(PREFIX)
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    name, proof = raw[:_NAME_BYTES], raw[_NAME_BYTES:]
    if len(proof) != _PROOF_BYTES or not hmac.compare_digest(_proof(vault, name), proof):
        return None
    return RefreshToken(str(uuid.UUID(bytes=name[:_ID_BYTES])), int.from_bytes(name[_ID_BYTES:], "big"))


def _proof(vault: Vault, name: bytes) -> bytes:
    return vault.token_hash(KIND, name.hex())
