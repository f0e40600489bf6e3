"""The file of the master secrets: made once, readable by its owner alone, changed a line at a time.

A line is 32 bytes in base64, with `seal:` or `lookup:` before them, or with nothing (the first form). The first line
that can seal seals what is new; the others open what they sealed.
"""

import base64
import os
from collections.abc import Sequence
from pathlib import Path

from idp.infrastructure.sources import Sources
from idp.infrastructure.vault import SECRET_BYTES, Secret, SecretUse, Vault


class BadSecretFile(Exception):
    """The file is missing or holds something else; the text says what to do."""


class UnknownSecret(Exception):
    """No line of the file has this id, or the line cannot be used so; the text says which."""


def open_vault(path: Path, sources: Sources) -> Vault:
    """The vault under the secrets of a file; raises BadSecretFile."""
    secrets = read_secrets(path)
    try:
        return Vault(secrets, sources)
    except ValueError as error:
        raise BadSecretFile(f"{path}: {error}") from error


def read_secrets(path: Path) -> list[Secret]:
    """The lines of the file; raises BadSecretFile."""
    try:
        lines = [line.strip() for line in path.read_text("ascii").splitlines() if line.strip()]
        return [_secret(line) for line in lines]
    except FileNotFoundError as error:
        raise BadSecretFile(f"{path} does not exist; `idp migrate` makes it") from error
    except (ValueError, OSError) as error:
        raise BadSecretFile(
            f"{path} is not a secret file: one base64 line of {SECRET_BYTES} bytes each"
        ) from error


def make_if_missing(path: Path, sources: Sources) -> bool:
    """Make the file with its first secrets; False when it was there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    first = [Secret(sources.new_bytes(SECRET_BYTES), use) for use in (SecretUse.SEAL, SecretUse.LOOKUP)]
    try:
        _write(path, first, os.O_EXCL)
    except FileExistsError:
        return False
    return True


def announce(path: Path, sources: Sources) -> Secret:
    """A new secret that opens and does not seal yet, so that every machine can have it before one uses it."""
    secrets, new = read_secrets(path), Secret(sources.new_bytes(SECRET_BYTES), SecretUse.SEAL)
    _replace(path, [secrets[0], new, *secrets[1:]])
    return new


def use(path: Path, key_id: str) -> None:
    """Seal with this secret from the next start on; raises UnknownSecret."""
    secrets = read_secrets(path)
    chosen = _find(secrets, key_id)
    if chosen.use is SecretUse.LOOKUP:
        raise UnknownSecret("this secret is for looking up; it seals nothing")
    _replace(path, [chosen, *(each for each in secrets if each != chosen)])


def retire(path: Path, key_id: str) -> None:
    """Take a secret out that nothing is sealed with; one of the first form goes on to look up. Raises UnknownSecret."""
    secrets = read_secrets(path)
    chosen = _find(secrets, key_id)
    if chosen.use is SecretUse.LOOKUP or chosen == secrets[0]:
        raise UnknownSecret("this secret is in use")
    _replace(path, [each for each in secrets if each != chosen])


def _find(secrets: Sequence[Secret], key_id: str) -> Secret:
    for secret in secrets:
        if secret.key_id.hex() == key_id:
            return secret
    raise UnknownSecret("no line of the secret file has this id")


def _secret(line: str) -> Secret:
    word, colon, text = line.rpartition(":")
    value = base64.b64decode(text, validate=True)
    if len(value) != SECRET_BYTES or (colon and not word):
        raise ValueError("not a secret")
    return Secret(value, SecretUse(word))


def _line(secret: Secret) -> str:
    word = f"{secret.use}:" if secret.use else ""
    return word + base64.b64encode(secret.value).decode() + "\n"


def _looks_up(secrets: Sequence[Secret]) -> bytes | None:
    chosen = [each for each in secrets if each.use is SecretUse.LOOKUP] or [
        each for each in secrets if each.use is SecretUse.BOTH
    ][-1:]
    return chosen[0].value if chosen else None


def _replace(path: Path, secrets: Sequence[Secret]) -> None:
    """All or nothing, with the owner that the file has: a torn secret file is the loss of everything.

    What keys look-ups stays, under a line of its own where the order of the others does not say it any more.
    """
    looks_up = _looks_up(read_secrets(path))
    if looks_up is not None and _looks_up(secrets) != looks_up:
        secrets = [*secrets, Secret(looks_up, SecretUse.LOOKUP)]
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    _write(beside, secrets, os.O_EXCL)
    owner = path.stat()
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(beside, owner.st_uid, owner.st_gid)
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, secrets: Sequence[Secret], flag: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("".join(map(_line, secrets)))
        file.flush()
        os.fsync(file.fileno())
