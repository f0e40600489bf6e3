"""Proof Key for Code Exchange (RFC 7636), S256 only: `plain` is never accepted (RFC 9700 §2.1.1)."""

import base64
import hashlib
import hmac
import re

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text: str) -> bool:
    """A base64url SHA-256 (§4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def verify(verifier: str, challenge: str) -> bool:
    """Whether the verifier is well-formed (§4.1) and hashes to the challenge (§4.6)."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)
