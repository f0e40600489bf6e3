"""模拟 / What the platforms give an application that registers with them, and how such secrets are changed."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.province.ciphers import rsa_pair

Values = Mapping[str, str]


def _id(seed: str) -> str:
    return "zh" + hashlib.sha256(seed.encode()).hexdigest()[:10]


def _word(seed: str) -> str:
    """Sixteen characters: a key of AES or SM4 as well."""
    return hashlib.sha256(seed.encode()).hexdigest()[:16]


def _sm2(seed: str) -> str:
    return "2" + hashlib.sha256(seed.encode()).hexdigest()[1:]


def _rsa(seed: str) -> str:
    return rsa_pair(seed)[0]


KINDS: Mapping[str, Callable[[str], str]] = {"id": _id, "word": _word, "sm2": _sm2, "rsa": _rsa}


@dataclass
class App:
    """An application of one platform. During a rotation its secrets of before are good until `before_until`."""

    platform: str
    name: str
    needs: Values
    seed: str
    callbacks: list[str] = field(default_factory=list)
    generation: int = 0
    before_until: float = 0.0
    seals_with_before: bool = False

    @property
    def values(self) -> dict[str, str]:
        """Names as the profile has them, with the values of today."""
        return self._values(self.generation)

    def candidates(self, now: float) -> list[dict[str, str]]:
        """What a request may be signed with now."""
        before = [self._values(self.generation - 1)] if self.generation and now < self.before_until else []
        return [self.values, *before]

    def sealing(self, signed_with: Values) -> Values:
        """What an answer is sealed with: what the request was signed with, unless told otherwise."""
        return (
            self._values(self.generation - 1) if self.seals_with_before and self.generation else signed_with
        )

    def public_key(self, values: Values) -> str:
        """The public half of an RSA secret, as it was handed in at registration."""
        generation = self.generation if values == self.values else self.generation - 1
        return rsa_pair(self._seed("private_key", generation))[1]

    def knows_callback(self, url: str) -> bool:
        """Whether a URL was registered."""
        return any(url.startswith(prefix) for prefix in self.callbacks)

    def is_home(self, url: str) -> bool:
        """Whether a URL leads to the server of a registered callback: after a logout that is enough."""
        there = urlsplit(url)[:2]
        return any(there == urlsplit(prefix)[:2] for prefix in self.callbacks) or self.knows_callback(url)

    def _values(self, generation: int) -> dict[str, str]:
        return {
            name: KINDS[kind](self._seed(name, 0 if kind == "id" else generation))
            for name, kind in self.needs.items()
        }

    def _seed(self, name: str, generation: int) -> str:
        return "|".join((self.seed, self.platform, self.name, name, str(generation)))
