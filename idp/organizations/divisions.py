"""The table of administrative divisions: codes of which a longer one lies within each it begins with."""

import re
import tomllib
from pathlib import Path

SHIPPED = Path(__file__).with_name("divisions.toml")
_CODE = re.compile(r"[0-9]{6}([0-9]{3}){0,2}")


class BadDivisions(Exception):
    """The file is not such a table; the text says what is wrong."""


class Divisions:
    """Codes and names, in the order of the file."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def __contains__(self, code: object) -> bool:
        return code in self.names

    def name(self, code: str) -> str:
        """The name with those of the divisions around it: names repeat themselves within a district."""
        around = [name for other, name in self.names.items() if code.startswith(other)]
        return "".join(around) or code


def read_divisions(path: Path | None = None) -> Divisions:
    """The table of a file, or the one that is shipped; raises BadDivisions."""
    try:
        table = tomllib.loads((path or SHIPPED).read_text("utf-8"))["divisions"]
    except (OSError, KeyError, ValueError) as error:
        raise BadDivisions(f"{path}: {error}") from error
    for code, name in table.items():
        if not _CODE.fullmatch(code) or not isinstance(name, str):
            raise BadDivisions(f"{path}: {code}: a code has 6, 9 or 12 digits, and a name")
    return Divisions(dict(sorted(table.items())))
