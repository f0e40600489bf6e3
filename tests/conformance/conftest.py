"""One provider process, its clients and an account, for the independent counterparts of this folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.conformance.registered import Registered, register_all
from tests.support.instance import Account, Instance


@dataclass(frozen=True, slots=True)
class Provider:
    """A running provider, whom it knows and what is registered (by authentication method and ID token algorithm)."""

    issuer: str
    account: Account
    clients: Mapping[tuple[str, str], Registered]


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """On SQLite, as `./dev run` has it."""
    folder = tmp_path_factory.mktemp("provider")
    instance = Instance.create(folder)
    clients = register_all(instance, folder)
    account = instance.create_account("zhangsan", "--phone", "13800000001", "--level", "2")
    with instance.process():
        yield Provider(instance.issuer, account, clients)
