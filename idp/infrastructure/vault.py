"""Keyed cryptography for what we store: token hashes, seals, field encryption, blind indexes, one key per purpose."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp.infrastructure.sources import Sources

SECRET_BYTES = 32
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12


class Unreadable(Exception):
    """A sealed value was altered, belongs elsewhere, or its key is not among ours."""


class Vault:
    """All keys derived from the master secrets: the first encrypts, the others still decrypt (rotation).

    Blind indexes and token hashes are looked up by value, so they depend on the *last* (oldest) secret, which stays
    until a re-indexing removes it.
    """

    def __init__(self, secrets: Sequence[bytes], sources: Sources) -> None:
        if not secrets or any(len(secret) != SECRET_BYTES for secret in secrets):
            raise ValueError(f"each master secret must be {SECRET_BYTES} bytes")
        self._sources = sources
        self._ciphers = {_key_id(secret): AESGCM(_derive(secret, "field")) for secret in secrets}
        self._current = _key_id(secrets[0])
        self._lookup = secrets[-1]
        self._keyed: dict[str, hmac.HMAC] = {}

    def token_hash(self, kind: str, token: str) -> bytes:
        """The keyed hash under which a secret is stored or looked up; `kind` separates the uses."""
        return self._mac(kind, token)

    def blind_index(self, place: str, value: str) -> bytes:
        """The keyed hash by which an encrypted field (`table.column`) is found."""
        return self._mac(f"index:{place}", value)

    def encrypt(self, place: str, plain: str) -> bytes:
        """AES-256-GCM with `table.column` as associated data: a value moved to another column does not decrypt."""
        return self.encrypt_bytes(place, plain.encode())

    def decrypt(self, place: str, sealed: bytes) -> str:
        """The text that `encrypt` sealed; raises Unreadable."""
        return self.decrypt_bytes(place, sealed).decode()

    def encrypt_bytes(self, place: str, plain: bytes) -> bytes:
        """Key id, nonce, ciphertext."""
        nonce = self._sources.new_bytes(_NONCE_BYTES)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, plain, place.encode())

    def decrypt_bytes(self, place: str, sealed: bytes) -> bytes:
        """What `encrypt_bytes` sealed; raises Unreadable."""
        cipher = self._ciphers.get(sealed[:_KEY_ID_BYTES])
        nonce, body = sealed[_KEY_ID_BYTES:][:_NONCE_BYTES], sealed[_KEY_ID_BYTES + _NONCE_BYTES :]
        if cipher is None:
            raise Unreadable(place)
        try:
            return cipher.decrypt(nonce, body, place.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable(place) from error

    def seal(self, purpose: str, value: dict[str, Any]) -> str:
        """A small JSON object as text that a browser may carry but neither read nor alter."""
        plain = json.dumps(value, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self.encrypt_bytes(purpose, plain)).decode().rstrip("=")

    def unseal(self, purpose: str, text: str) -> dict[str, Any]:
        """What `seal` sealed for the same purpose; raises Unreadable."""
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise Unreadable(purpose) from error
        value = json.loads(self.decrypt_bytes(purpose, sealed))
        assert isinstance(value, dict)
        return value

    def _mac(self, kind: str, text: str) -> bytes:
        """HMAC-SHA-256 under the key of a kind, whose first block is computed once."""
        keyed = self._keyed.get(kind)
        if keyed is None:
            keyed = self._keyed[kind] = hmac.new(_derive(self._lookup, f"hash:{kind}"), digestmod="sha256")
        mac = keyed.copy()
        mac.update(text.encode())
        return mac.digest()


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"zhanhe-idp {purpose}".encode()).derive(secret)


def _key_id(secret: bytes) -> bytes:
    return hashlib.sha256(b"zhanhe-idp key id" + secret).digest()[:_KEY_ID_BYTES]
