"""The vault: what was altered, moved to another column or sealed by others does not open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.infrastructure.sources import system_sources
from idp.infrastructure.vault import SECRET_BYTES, Secret, Unreadable, Vault

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PHONE, ADDRESS = "accounts.phone", "accounts.address"


def vault(*secrets: bytes) -> Vault:
    return Vault([Secret(each) for each in secrets or (OLD,)], system_sources())


@given(st.text())
def test_what_was_sealed_opens(plain: str) -> None:
    assert vault().decrypt(PHONE, vault().encrypt(PHONE, plain)) == plain


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert vault().encrypt(PHONE, "13800000001") != vault().encrypt(PHONE, "13800000001")


def test_any_bit_changed_does_not_open() -> None:
    sealed = vault().encrypt(PHONE, "13800000001")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(Unreadable):
            vault().decrypt(PHONE, changed)


def test_what_was_cut_does_not_open() -> None:
    sealed = vault().encrypt(PHONE, "13800000001")
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            vault().decrypt(PHONE, sealed[:length])


def test_a_value_moved_to_another_column_does_not_open() -> None:
    with pytest.raises(Unreadable):
        vault().decrypt(ADDRESS, vault().encrypt(PHONE, "13800000001"))


def test_a_value_of_another_house_does_not_open() -> None:
    with pytest.raises(Unreadable):
        vault(NEW).decrypt(PHONE, vault(OLD).encrypt(PHONE, "13800000001"))


def test_after_a_change_of_secret_the_old_values_open_and_new_ones_need_the_new() -> None:
    both = vault(NEW, OLD)
    assert both.decrypt(PHONE, vault(OLD).encrypt(PHONE, "1")) == "1"
    assert vault(NEW).decrypt(PHONE, both.encrypt(PHONE, "1")) == "1"
    with pytest.raises(Unreadable):
        vault(OLD).decrypt(PHONE, both.encrypt(PHONE, "1"))


def test_after_a_change_of_secret_look_ups_still_find() -> None:
    assert vault(NEW, OLD).blind_index(PHONE, "1") == vault(OLD).blind_index(PHONE, "1")
    assert vault(NEW, OLD).token_hash("session", "x") == vault(OLD).token_hash("session", "x")


def test_hashes_of_different_uses_differ() -> None:
    hashes = {vault().token_hash(kind, "x") for kind in ("session", "code", "login")}
    assert len(hashes | {vault().blind_index(PHONE, "x"), vault().blind_index(ADDRESS, "x")}) == 5
    assert vault().token_hash(f"index:{PHONE}", "x") == vault().blind_index(
        PHONE, "x"
    )  # one name space, on purpose


@given(st.text(max_size=80))
def test_text_that_nobody_sealed_does_not_open(text: str) -> None:
    with pytest.raises(Unreadable):
        vault().unseal("device", text)


def test_a_seal_opens_for_its_purpose_alone() -> None:
    text = vault().seal("device", {"a": 1})
    assert vault().unseal("device", text) == {"a": 1}
    with pytest.raises(Unreadable):
        vault().unseal("login.continuation", text)


@pytest.mark.parametrize("secrets", [[], [b""], [b"short"], [OLD, b"x"], [bytes(SECRET_BYTES + 1)]])
def test_a_secret_of_another_length_is_refused(secrets: list[bytes]) -> None:
    with pytest.raises(ValueError, match="bytes"):
        Vault([Secret(each) for each in secrets], system_sources())
