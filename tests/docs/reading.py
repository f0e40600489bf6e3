"""Reads the documents: headings, links, and the command lines they show."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, repository_files

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`(?:\./dev )?(idp [a-z][^`]*)`")


def documents() -> list[Path]:
    """Every Markdown file of the repository."""
    return [path for path in repository_files() if path.suffix == ".md"]


def text(name: str) -> str:
    """A document of the repository by its path."""
    return (ROOT / name).read_text(encoding="utf-8")


def headings(name: str) -> list[int]:
    """The levels of a document's headings in their order; what looks like one in a code fence is none."""
    return [len(line.split()[0]) for line in _prose(text(name)).splitlines() if re.match(r"#{1,6} ", line)]


def relative_links(path: Path) -> list[str]:
    """Where a document points within the repository, without fragments."""
    targets = _LINK.findall(_prose(path.read_text(encoding="utf-8")))
    return [target.split("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]


def idp_commands(path: Path) -> Iterator[list[str]]:
    """The words after `idp` of every command line a document shows, in fences and in running text."""
    content = path.read_text(encoding="utf-8")
    lines = [inline.replace("…", "") for inline in _INLINE.findall(_prose(content))]
    for language, body in _FENCE.findall(content):
        if language == "sh":
            lines += body.replace("\\\n", " ").splitlines()
    for line in lines:
        words = shlex.split(line, comments=True)
        if words[:1] == ["git"] or "idp" not in words:
            continue
        yield words[words.index("idp") + 1 :]


def table_row(name: str, first_cell: str) -> list[str]:
    """The cells of the table row of a document that begins with a cell in code marks."""
    [row] = [line for line in text(name).splitlines() if line.startswith(f"| `{first_cell}` |")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def _prose(content: str) -> str:
    return _FENCE.sub("", content)
