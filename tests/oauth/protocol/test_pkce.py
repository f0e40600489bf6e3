"""Proof Key for Code Exchange (RFC 7636)."""

import base64
import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.protocol import pkce

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIERS = st.text(string.ascii_letters + string.digits + "-._~", min_size=43, max_size=128)


def challenge_of(verifier: str) -> str:
    """§4.2, S256: BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def test_the_example_of_the_standard() -> None:
    """Appendix B."""
    assert pkce.is_challenge(CHALLENGE)
    assert pkce.verify(VERIFIER, CHALLENGE)


def test_plain_is_not_s256() -> None:
    """RFC 9700 §2.1.1: a challenge that is the verifier itself protects nothing."""
    assert pkce.METHOD == "S256"
    assert not pkce.verify(VERIFIER, VERIFIER)


@pytest.mark.parametrize("length", [0, 1, 42, 129, 4096])
def test_a_verifier_has_43_to_128_characters(length: int) -> None:
    """§4.1; one that is too short could be guessed, even if its hash fits."""
    assert not pkce.verify("a" * length, challenge_of("a" * length))


@pytest.mark.parametrize("length", [43, 128])
def test_the_bounds_of_a_verifier_are_within(length: int) -> None:
    assert pkce.verify("a" * length, challenge_of("a" * length))


@pytest.mark.parametrize("char", ["+", "/", "=", " ", "\n", "\0", "é", "１"])
def test_a_verifier_is_of_unreserved_characters(char: str) -> None:
    """§4.1: ALPHA / DIGIT / "-" / "." / "_" / "~" of RFC 3986 §2.3."""
    for verifier in ("a" * 43 + char, char + "a" * 43):
        assert not pkce.verify(verifier, challenge_of(verifier))


@pytest.mark.parametrize(
    "text",
    ["", CHALLENGE[:-1], CHALLENGE + "=", CHALLENGE + "\n", CHALLENGE[:-1] + "+", CHALLENGE[:-1] + "é"],
    ids=repr,
)
def test_what_is_no_hash_is_no_challenge(text: str) -> None:
    """§4.2: base64url without padding, as Appendix A has it; 32 bytes are 43 characters."""
    assert not pkce.is_challenge(text)


@given(VERIFIERS, VERIFIERS)
def test_a_verifier_fits_its_own_challenge_alone(verifier: str, other: str) -> None:
    """§4.6."""
    challenge = challenge_of(verifier)
    assert pkce.is_challenge(challenge)
    assert pkce.verify(verifier, challenge)
    assert pkce.verify(other, challenge) == (other == verifier)
