"""An authenticator in software: makes passkeys and uses them as a browser would (WebAuthn §6)."""

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, ATTESTED = 0x01, 0x04, 0x08, 0x40


@dataclass
class Authenticator:
    """One passkey for one site; what it answers may be bent by the test."""

    origin: str
    rp_id: str
    count: int = 0
    counts: bool = True
    """Whether the counter counts: a synced passkey's stands at nought."""
    verifies: bool = True
    """Whether it asks for finger, face or code."""
    synced: bool = False
    id: bytes = field(default_factory=lambda: secrets.token_bytes(24))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user: str = ""

    def create(self, options: str) -> str:
        """The answer to navigator.credentials.create()."""
        asked = json.loads(options)
        self.user = asked["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(public)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        return self._answer(
            {
                "clientDataJSON": _text(self._client_data("webauthn.create", asked["challenge"])),
                "attestationObject": _text(cbor2.dumps(attestation)),
            }
        )

    def get(self, options: str) -> str:
        """The answer to navigator.credentials.get()."""
        client_data = self._client_data("webauthn.get", json.loads(options)["challenge"])
        if self.counts:
            self.count += 1
        data = self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": _text(client_data),
                "authenticatorData": _text(data),
                "signature": _text(signature),
                "userHandle": self.user,
            }
        )

    def _data(self, flags: int) -> bytes:
        flags |= (
            USER_PRESENT | (USER_VERIFIED if self.verifies else 0) | (BACKUP_ELIGIBLE if self.synced else 0)
        )
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps(
            {"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response}
        )


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
