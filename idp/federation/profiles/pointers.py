"""JSON pointers (RFC 6901) into what a platform answered: read a value, put one in its place."""

from typing import Any

MISSING = object()
"""What a pointer to nowhere finds; JSON's null is a value."""


def find(document: Any, pointer: str) -> Any:
    """The value a pointer names, or MISSING."""
    for key in _keys(pointer):
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return MISSING
    return document


def put(document: Any, pointer: str, value: Any) -> Any:
    """The document with a value in place of the one there; raises KeyError where there is none."""
    keys = _keys(pointer)
    if not keys:
        return value
    holder = find(document, pointer.rpartition("/")[0])
    if isinstance(holder, dict):
        if keys[-1] not in holder:
            raise KeyError(pointer)
        holder[keys[-1]] = value
    elif isinstance(holder, list) and keys[-1].isdecimal() and int(keys[-1]) < len(holder):
        holder[int(keys[-1])] = value
    else:
        raise KeyError(pointer)
    return document


def text(value: Any) -> str:
    """A value as text, the way platforms mean it: 1 and "1" alike, nothing for null and for what is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _keys(pointer: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
