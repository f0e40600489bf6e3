import base64
import json
from hashlib import sha256
from hmac import digest
from typing import Any

import pytest
from joserfc import jws

from clients.sdk.core.errors import InvalidToken, UnknownKey
from clients.sdk.core.jwt import read_keys
from clients.sdk.core.tokens import Identity, validate_id_token, validate_refreshed_id_token
from tests.clients.making import (
    CLIENT_ID,
    ISSUER,
    NONCE,
    NOW,
    SigningKey,
    id_claims,
    key_set,
    registration,
    tokens,
)

KEY = SigningKey()


def accepted(id_token: str | None, now: float = NOW, *keys: SigningKey) -> Identity:
    return validate_id_token(
        tokens(id_token), registration(), key_set(*(keys or (KEY,))), nonce=NONCE, now=now
    )


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_good_id_token_names_the_person(algorithm: str) -> None:
    key = SigningKey(algorithm)
    identity = accepted(key.sign(id_claims()), NOW, key)
    assert (identity.subject, identity.sid, identity.level) == ("person-1", "session-1", 2)


def test_a_token_without_typ_is_read_as_jwt() -> None:
    assert accepted(KEY.sign(id_claims(), typ=None)).subject == "person-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": None},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"exp": NOW - 31},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"iat": NOW + 3600},
        {"iat": None},
        {"nonce": None},
        {"nonce": "nonce-of-another-login"},
        {"nonce": ""},
        {"nonce": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sid": 7},
        {"auth_time": "yesterday"},
        {"at_hash": "hash-of-another-access-token"},
    ],
    ids=repr,
)
def test_an_id_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        accepted(KEY.sign(id_claims(**changes)))


def test_several_audiences_need_an_authorized_party() -> None:
    several = id_claims(aud=[CLIENT_ID, "another-client"], azp=CLIENT_ID)
    assert accepted(KEY.sign(several)).subject == "person-1"


def test_the_access_token_must_be_the_one_the_id_token_speaks_of() -> None:
    half = sha256(b"access-1").digest()[:16]
    at_hash = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert accepted(KEY.sign(id_claims(at_hash=at_hash))).subject == "person-1"


def test_a_little_clock_skew_is_forgiven() -> None:
    assert accepted(KEY.sign(id_claims(exp=NOW - 29))).subject == "person-1"


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "application/logout+jwt", "secevent+jwt"])
def test_a_token_of_another_kind_is_no_id_token(typ: str) -> None:
    with pytest.raises(InvalidToken, match="typ"):
        accepted(KEY.sign(id_claims(), typ=typ))


def unsigned(header: Any, claims: Any = None) -> str:
    parts = [json.dumps(part).encode() for part in (header, claims or id_claims())]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(name: str) -> None:
    with pytest.raises(InvalidToken, match="alg"):
        accepted(unsigned({"alg": name, "kid": "key-1", "typ": "JWT"}))


def test_the_public_key_is_no_hmac_secret() -> None:
    unsealed = unsigned({"alg": "HS256", "kid": "key-1", "typ": "JWT"}).removesuffix(".")
    seal = digest(json.dumps(KEY.public()).encode(), unsealed.encode(), "sha256")
    forged = f"{unsealed}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"
    with pytest.raises(InvalidToken, match="alg"):
        accepted(forged)


def test_a_symmetric_key_in_the_key_set_is_no_key() -> None:
    shared = {"kty": "oct", "k": "c2VjcmV0LXRoYXQtaXMtcHVibGljLWtub3dsZWRnZQ", "kid": "shared"}
    keys = read_keys({"keys": [shared, KEY.public()]})
    assert list(keys) == ["key-1"]


def test_a_key_set_with_odd_entries_still_serves() -> None:
    odd: list[Any] = [None, 7, {}, {"kty": "PQ"}, {"kty": "EC", "crv": "P-256"}, KEY.public() | {"kid": 7}]
    encryption = SigningKey(kid="enc").public() | {"use": "enc"}
    assert list(read_keys({"keys": [*odd, encryption, KEY.public()]})) == ["key-1"]


def test_the_algorithm_must_be_the_keys_own() -> None:
    other = SigningKey("RS256")
    with pytest.raises(InvalidToken, match="alg"):
        accepted(other.sign(id_claims()))


def test_a_foreign_kid_asks_for_fresh_keys() -> None:
    with pytest.raises(UnknownKey):
        accepted(SigningKey(kid="foreign").sign(id_claims()))


def test_a_foreign_key_under_a_known_kid_is_refused() -> None:
    with pytest.raises(InvalidToken, match="signature"):
        accepted(SigningKey().sign(id_claims()))


def test_a_changed_payload_is_refused() -> None:
    header, _, signature = KEY.sign(id_claims()).split(".")
    other = KEY.sign(id_claims(sub="person-2")).split(".")[1]
    with pytest.raises(InvalidToken, match="signature"):
        accepted(f"{header}.{other}.{signature}")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "é.b.c",
        "W10.W10.W10",
        "ImFsZyI.W10.W10",
        "x" * 20_000,
        None,
        unsigned(["alg"]),
        unsigned("alg"),
        unsigned({"kid": "key-1"}),
        unsigned({"alg": ["ES256"], "kid": "key-1"}),
        unsigned({"alg": "ES256"}),
        unsigned({"alg": "ES256", "kid": 7}),
        unsigned({"alg": "ES256", "kid": "key-1"}),
        unsigned({"alg": "ES256", "kid": "key-1", "typ": 7}),
        unsigned({"alg": "ES256", "kid": "key-1", "crit": ["b64"], "b64": False}),
    ],
)
def test_what_is_no_token_is_refused(token: str | None) -> None:
    with pytest.raises(InvalidToken):
        accepted(token)


def test_claims_must_be_an_object() -> None:
    text = jws.serialize_compact({"alg": "ES256", "kid": "key-1"}, "[]", KEY.private)
    with pytest.raises(InvalidToken, match="object"):
        accepted(text)


def test_a_refreshed_id_token_needs_no_nonce() -> None:
    previous = accepted(KEY.sign(id_claims()))
    newer = KEY.sign(id_claims(nonce=None, iat=NOW + 100, acr="urn:zhanhe:acr:level:3"))
    identity = validate_refreshed_id_token(
        tokens(newer), registration(), key_set(KEY), previous=previous, now=NOW + 100
    )
    assert identity.level == 3


@pytest.mark.parametrize(
    "changes", [{"sub": "person-2"}, {"auth_time": NOW}, {"iss": ISSUER + "/"}], ids=repr
)
def test_a_refresh_cannot_change_who_logged_in(changes: dict[str, Any]) -> None:
    previous = accepted(KEY.sign(id_claims()))
    newer = tokens(KEY.sign(id_claims(**changes)))
    with pytest.raises(InvalidToken):
        validate_refreshed_id_token(newer, registration(), key_set(KEY), previous=previous, now=NOW)
