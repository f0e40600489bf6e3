"""The file of the master secrets: made once, readable by its owner alone."""

import base64
import os
from pathlib import Path

from idp.infrastructure.sources import Sources
from idp.infrastructure.vault import SECRET_BYTES, Vault


class BadSecretFile(Exception):
    """The file is missing or holds something else; the text says what to do."""


def open_vault(path: Path, sources: Sources) -> Vault:
    """The vault under the secrets of a file; raises BadSecretFile."""
    try:
        lines = [line.strip() for line in path.read_text("ascii").splitlines() if line.strip()]
        return Vault([base64.b64decode(line, validate=True) for line in lines], sources)
    except FileNotFoundError as error:
        raise BadSecretFile(f"{path} does not exist; `idp migrate` makes it") from error
    except (ValueError, OSError) as error:
        raise BadSecretFile(
            f"{path} is not a secret file: one base64 line of {SECRET_BYTES} bytes each"
        ) from error


def make_if_missing(path: Path, sources: Sources) -> bool:
    """Make the file with a first secret; False when it was there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(sources.new_bytes(SECRET_BYTES)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True
