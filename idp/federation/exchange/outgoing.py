"""A request to a platform while it is being made: signers and transforms change its parts before it leaves."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

PARTS = ("query", "form", "json", "header")


@dataclass(slots=True)
class Outgoing:
    """Method and parts; a place in it is named `query.NAME`, `form.NAME`, `json.NAME` or `header.NAME`."""

    method: str
    url: str
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    json: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, place: str) -> str:
        """The text at a place; raises KeyError."""
        part, name = self._part(place)
        return str(part[name])

    def set(self, place: str, value: str) -> None:
        """Put a text at a place; raises KeyError where there is no such part."""
        part, name = self._part(place)
        part[name] = value

    @property
    def parameters(self) -> dict[str, str]:
        """What signatures over sorted parameters are made of: query and form."""
        return {**self.query, **self.form}

    @property
    def full_url(self) -> str:
        """The address with its query."""
        if not self.query:
            return self.url
        return f"{self.url}{'&' if urlsplit(self.url).query else '?'}{urlencode(self.query)}"

    def _part(self, place: str) -> tuple[dict[str, Any], str]:
        part, _, name = place.partition(".")
        if part not in PARTS or not name:
            raise KeyError(place)
        parts: dict[str, dict[str, Any]] = {
            "query": self.query, "form": self.form, "json": self.json, "header": self.headers,
        }  # fmt: skip
        return parts[part], name
