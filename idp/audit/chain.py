"""How the record proves itself: tags of lines, chained from seal to seal, so that no line is changed in silence.

A seal covers the lines between two ids. It keeps a tag of each line, and its digest covers the digest of the seal
before it. What is sealed under the master secret is that digest: whoever owns the database can change lines and tags
alike, and cannot make the seal that would fit them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from difflib import SequenceMatcher
from enum import StrEnum

import orjson

from idp.audit.model import AuditRecord

TAG_BYTES = 8
FIRST = bytes(32)
"""Stands for the digest before the first seal."""


class Fault(StrEnum):
    """What is wrong with a part of the record."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    BROKEN_SEAL = "broken seal"
    """The seal does not open under any master secret, or is not that of its lines."""
    GAP = "missing seal"
    SHORTENED = "shortened"
    """This machine has seen a later seal than the database has: its end was cut off, or an older copy restored."""


@dataclass(frozen=True, slots=True)
class RecordFault:
    """A fault and where: the id of a line where the tags can tell, else the ids between which it is."""

    fault: Fault
    since_id: str
    until_id: str
    line_id: str | None = None


def tag(line: AuditRecord) -> bytes:
    """What a seal keeps of a line: the beginning of SHA-256 over all of its columns."""
    return hashlib.sha256(orjson.dumps(astuple(line))).digest()[:TAG_BYTES]


def chained(previous: bytes, since_id: str, until_id: str, tags: bytes) -> bytes:
    """The digest of a seal (SHA-256), which covers the one before it."""
    head = orjson.dumps([previous.hex(), since_id, until_id, len(tags) // TAG_BYTES])
    return hashlib.sha256(head + tags).digest()


def faults(since_id: str, until_id: str, kept: bytes, lines: Sequence[AuditRecord]) -> list[RecordFault]:
    """Which lines are not those whose tags were kept, in the order of their ids."""
    before = [kept[at : at + TAG_BYTES] for at in range(0, len(kept), TAG_BYTES)]
    now = [tag(line) for line in lines]
    if before == now:
        return []
    found: list[RecordFault] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        changed = min(b - a, d - c)
        # Where as many stand as stood, each was changed; what is beyond was added, or is gone.
        for number, line in enumerate(lines[c:d]):
            what = Fault.CHANGED if number < changed else Fault.INSERTED
            found.append(RecordFault(what, since_id, until_id, line.id))
        around = lines[c - 1].id if c else since_id, lines[d].id if d < len(lines) else until_id
        found += [RecordFault(Fault.REMOVED, *around)] * (b - a - changed)
    return found
