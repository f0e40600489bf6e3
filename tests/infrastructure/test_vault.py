"""Seals open where they belong and nowhere else; hashes differ by use; old secrets still open what they sealed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.infrastructure.sources import system_sources
from idp.infrastructure.vault import Secret, Unreadable, Vault

SOURCES = system_sources()
OLD, NEW = Secret(bytes(32)), Secret(bytes(range(32)))
VAULT = Vault([OLD], SOURCES)


@given(st.text())
def test_what_was_encrypted_is_decrypted(text: str) -> None:
    assert VAULT.decrypt("accounts.phone", VAULT.encrypt("accounts.phone", text)) == text


def test_the_same_value_never_looks_the_same() -> None:
    sealed = {VAULT.encrypt("accounts.phone", "13800000001") for _ in range(100)}
    assert len(sealed) == 100
    assert not any(b"13800000001" in value for value in sealed)


def test_a_value_moved_to_another_column_does_not_open() -> None:
    sealed = VAULT.encrypt("accounts.phone", "13800000001")
    with pytest.raises(Unreadable):
        VAULT.decrypt("accounts.email", sealed)


@given(st.data())
def test_an_altered_value_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(VAULT.encrypt("accounts.phone", "13800000001"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unreadable):
        VAULT.decrypt("accounts.phone", bytes(sealed))


@given(st.binary(max_size=80))
def test_noise_does_not_open(noise: bytes) -> None:
    with pytest.raises(Unreadable):
        VAULT.decrypt_bytes("accounts.phone", noise)


@given(st.text(max_size=200))
def test_text_that_we_did_not_seal_does_not_open(text: str) -> None:
    with pytest.raises(Unreadable):
        VAULT.unseal("purpose", text)


def test_a_seal_opens_for_its_purpose_only() -> None:
    text = VAULT.seal("login", {"name": "张三", "at": 1})
    assert VAULT.unseal("login", text) == {"name": "张三", "at": 1}
    with pytest.raises(Unreadable):
        VAULT.unseal("logout", text)
    with pytest.raises(Unreadable):
        Vault([NEW], SOURCES).unseal("login", text)


def test_a_new_secret_seals_and_the_old_one_still_opens() -> None:
    rotated = Vault([NEW, OLD], SOURCES)
    assert rotated.decrypt("accounts.phone", VAULT.encrypt("accounts.phone", "13800000001")) == "13800000001"
    newer = rotated.encrypt("accounts.phone", "13800000001")
    assert Vault([NEW], SOURCES).decrypt("accounts.phone", newer) == "13800000001"
    with pytest.raises(Unreadable):
        VAULT.decrypt("accounts.phone", newer)


def test_what_is_looked_up_by_hash_is_still_found_after_a_new_secret() -> None:
    rotated = Vault([NEW, OLD], SOURCES)
    assert rotated.token_hash("session", "zss_x") == VAULT.token_hash("session", "zss_x")
    assert rotated.blind_index("accounts.phone", "1") == VAULT.blind_index("accounts.phone", "1")


def test_a_hash_for_one_use_is_none_for_another() -> None:
    hashes = {VAULT.token_hash(kind, "same") for kind in ("session", "code", "client_secret", "csrf")}
    indexes = {VAULT.blind_index(place, "same") for place in ("accounts.phone", "accounts.email")}
    assert len(hashes | indexes) == 6


@pytest.mark.parametrize("secrets", [[], [Secret(b"short")], [OLD, Secret(b"short")], [Secret(bytes(33))]])
def test_a_secret_of_another_length_is_refused(secrets: list[Secret]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(secrets, SOURCES)
