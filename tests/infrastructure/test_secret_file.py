"""The secret file: made for its owner alone, changed as a whole, and never so that something cannot be found."""

import stat
from pathlib import Path

import pytest

from idp.infrastructure.secret_file import (
    BadSecretFile,
    UnknownSecret,
    announce,
    make_if_missing,
    open_vault,
    read_secrets,
    retire,
    use,
)
from idp.infrastructure.sources import system_sources
from idp.infrastructure.vault import Secret, SecretUse

SOURCES = system_sources()
FIRST = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # bytes(range(32))
SECOND = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "secret.key"
    path.write_text("".join(f"{line}\n" for line in lines))
    path.chmod(0o600)
    return path


def uses(path: Path) -> list[SecretUse]:
    return [secret.use for secret in read_secrets(path)]


def test_a_new_file_has_a_secret_to_seal_and_one_to_look_up(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    assert make_if_missing(path, SOURCES)
    assert uses(path) == [SecretUse.SEAL, SecretUse.LOOKUP]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert not make_if_missing(path, SOURCES)
    assert path.read_bytes() == before
    assert len({secret.value for secret in read_secrets(path)}) == 2


def test_a_file_of_the_first_form_is_rotated_and_what_it_keys_is_still_found(tmp_path: Path) -> None:
    path = written(tmp_path, FIRST)
    old = open_vault(path, SOURCES)
    sealed, index = old.encrypt("accounts.phone", "1"), old.blind_index("accounts.phone", "1")
    new = announce(path, SOURCES)
    assert open_vault(path, SOURCES).current_key_id == old.current_key_id  # every machine gets it first
    use(path, new.key_id.hex())
    both = open_vault(path, SOURCES)
    assert both.current_key_id == new.key_id
    assert both.decrypt("accounts.phone", sealed) == "1"
    retire(path, old.current_key_id.hex())
    assert uses(path) == [SecretUse.SEAL, SecretUse.LOOKUP]
    assert open_vault(path, SOURCES).blind_index("accounts.phone", "1") == index
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_secrets_of_the_first_form_the_last_goes_on_to_look_up(tmp_path: Path) -> None:
    for gone in range(2):
        path = written(tmp_path, FIRST, SECOND)
        before = open_vault(path, SOURCES).token_hash("session", "x")
        new = announce(path, SOURCES)
        use(path, new.key_id.hex())
        old = [secret for secret in read_secrets(path) if secret.use is SecretUse.BOTH]
        retire(path, old[gone].key_id.hex())
        assert open_vault(path, SOURCES).token_hash("session", "x") == before
        use(path, old[1 - gone].key_id.hex())
        assert open_vault(path, SOURCES).token_hash("session", "x") == before


def test_what_is_in_use_is_not_retired_nor_is_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    make_if_missing(path, SOURCES)
    before = path.read_bytes()
    sealing, looking_up = (secret.key_id.hex() for secret in read_secrets(path))
    for change, key_id in (
        (retire, sealing),
        (retire, looking_up),
        (retire, "00"),
        (use, looking_up),
        (use, ""),
    ):
        with pytest.raises(UnknownSecret):
            change(path, key_id)
    assert path.read_bytes() == before


def test_a_change_that_dies_leaves_the_file_as_it_was_and_the_next_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, FIRST)
    before = path.read_bytes()

    def dies(self: Path, target: Path) -> Path:
        raise OSError("the machine went off")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", dies)
        with pytest.raises(OSError, match="went off"):
            announce(path, SOURCES)
    assert path.read_bytes() == before
    announce(path, SOURCES)
    assert len(read_secrets(path)) == 2


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["x"],
        [FIRST[:-4]],
        [f"seal:{FIRST}"],
        [f"lookup:{FIRST}"],
        [f"other:{FIRST}", FIRST],
        [f":{FIRST}"],
        [f"lookup:{FIRST}", f"lookup:{SECOND}", f"seal:{SECOND}"],
        ["湛河"],
    ],
    ids=repr,
)
def test_a_file_that_cannot_be_used_is_refused_in_a_line(tmp_path: Path, lines: list[str]) -> None:
    path = written(tmp_path, *lines)
    with pytest.raises(BadSecretFile) as refused:
        open_vault(path, SOURCES)
    assert FIRST not in str(refused.value)


def test_a_secret_shows_its_id_and_not_itself() -> None:
    secret = Secret(bytes(range(32)))
    assert "x1f" not in repr(secret)
    assert secret.key_id != Secret(secret.value, SecretUse.SEAL).key_id
