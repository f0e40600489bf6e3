"""Keyed cryptography for what we store: token hashes, seals, field encryption, blind indexes, one key per purpose.

The hierarchy of keys and how each is replaced: docs/decisions/0016-keys-and-their-rotation.md.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp.infrastructure.sources import Sources
from idp.infrastructure.xaes import NONCE_BYTES, Xaes256Gcm

SECRET_BYTES = 32
KEY_ID_BYTES = 4
"""What every sealed value begins with: which secret opens it, and by which cipher."""
_GCM_NONCE_BYTES = 12


class Unreadable(Exception):
    """A sealed value was altered, belongs elsewhere, or its key is not among ours."""


class SecretUse(StrEnum):
    """What a master secret is for; the word before it in the secret file."""

    BOTH = ""
    """The first form: one key seals everything, and the last of these secrets keys what is looked up."""
    SEAL = "seal"
    """Encrypts, by a key per purpose."""
    LOOKUP = "lookup"
    """Keys token hashes and blind indexes, and opens nothing."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A master secret."""

    value: bytes = field(repr=False)
    use: SecretUse = SecretUse.BOTH

    @property
    def key_id(self) -> bytes:
        """Names it without telling it."""
        purpose = "key id" if self.use is SecretUse.BOTH else f"{self.use} key id"
        return hashlib.sha256(f"zhanhe-idp {purpose}".encode() + self.value).digest()[:KEY_ID_BYTES]


class Vault:
    """All keys derived from the master secrets: the first that can seals, each opens what it sealed (rotation).

    Blind indexes and token hashes are looked up by value, so they depend on one secret alone: the one that is for
    looking up, or else the last of the first form, which stays until a re-indexing removes it.
    """

    def __init__(self, secrets: Sequence[Secret], sources: Sources) -> None:
        if any(len(secret.value) != SECRET_BYTES for secret in secrets):
            raise ValueError(f"each master secret must be {SECRET_BYTES} bytes")
        sealing = [secret for secret in secrets if secret.use is not SecretUse.LOOKUP]
        looking_up = [secret for secret in secrets if secret.use is SecretUse.LOOKUP]
        looking_up = looking_up or [secret for secret in secrets if secret.use is SecretUse.BOTH][-1:]
        if not sealing or len(looking_up) != 1:
            raise ValueError(
                f"one secret of {SECRET_BYTES} bytes at least to seal, and exactly one to look up"
            )
        self._sources = sources
        self._ciphers: dict[bytes, _Cipher] = {
            secret.key_id: _OneKey(secret.value)
            if secret.use is SecretUse.BOTH
            else _KeyPerPurpose(secret.value)
            for secret in sealing
        }
        self.current_key_id = sealing[0].key_id
        self._lookup = looking_up[0].value
        self._keyed: dict[str, hmac.HMAC] = {}

    def token_hash(self, kind: str, token: str) -> bytes:
        """The keyed hash under which a secret is stored or looked up; `kind` separates the uses."""
        return self._mac(kind, token)

    def blind_index(self, place: str, value: str) -> bytes:
        """The keyed hash by which an encrypted field (`table.column`) is found."""
        return self._mac(f"index:{place}", value)

    def encrypt(self, place: str, plain: str) -> bytes:
        """Authenticated, with `table.column` as associated data: a value moved to another column does not decrypt."""
        return self.encrypt_bytes(place, plain.encode())

    def decrypt(self, place: str, sealed: bytes) -> str:
        """The text that `encrypt` sealed; raises Unreadable."""
        return self.decrypt_bytes(place, sealed).decode()

    def encrypt_bytes(self, place: str, plain: bytes) -> bytes:
        """Key id, nonce, ciphertext."""
        cipher = self._ciphers[self.current_key_id]
        nonce = self._sources.new_bytes(cipher.nonce_bytes)
        return self.current_key_id + nonce + cipher.encrypt(place, nonce, plain)

    def decrypt_bytes(self, place: str, sealed: bytes) -> bytes:
        """What `encrypt_bytes` sealed; raises Unreadable."""
        cipher = self._ciphers.get(sealed[:KEY_ID_BYTES])
        if cipher is None:
            raise Unreadable(place)
        nonce, body = sealed[KEY_ID_BYTES:][: cipher.nonce_bytes], sealed[KEY_ID_BYTES + cipher.nonce_bytes :]
        try:
            return cipher.decrypt(place, nonce, body)
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


class _Cipher(Protocol):
    """Seals under one master secret, for a purpose (`table.column`)."""

    nonce_bytes: int

    def encrypt(self, purpose: str, nonce: bytes, plain: bytes) -> bytes: ...

    def decrypt(self, purpose: str, nonce: bytes, body: bytes) -> bytes: ...


class _OneKey:
    """AES-256-GCM under one key for everything: what was sealed so still opens, and is to be sealed anew."""

    nonce_bytes = _GCM_NONCE_BYTES

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derive(secret, "field"))

    def encrypt(self, purpose: str, nonce: bytes, plain: bytes) -> bytes:
        return self._cipher.encrypt(nonce, plain, purpose.encode())

    def decrypt(self, purpose: str, nonce: bytes, body: bytes) -> bytes:
        return self._cipher.decrypt(nonce, body, purpose.encode())


class _KeyPerPurpose:
    """XAES-256-GCM under a key per purpose, derived when it is first needed; there are some dozens."""

    nonce_bytes = NONCE_BYTES

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._ciphers: dict[str, Xaes256Gcm] = {}

    def encrypt(self, purpose: str, nonce: bytes, plain: bytes) -> bytes:
        return self._of(purpose).encrypt(nonce, plain, purpose.encode())

    def decrypt(self, purpose: str, nonce: bytes, body: bytes) -> bytes:
        return self._of(purpose).decrypt(nonce, body, purpose.encode())

    def _of(self, purpose: str) -> Xaes256Gcm:
        cipher = self._ciphers.get(purpose)
        if cipher is None:
            cipher = self._ciphers[purpose] = Xaes256Gcm(_derive(self._secret, f"seal:{purpose}"))
        return cipher
