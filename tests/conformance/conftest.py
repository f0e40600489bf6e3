"""One provider process for the independent clients of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Account, Instance


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running provider on SQLite."""
    created = Instance.create(tmp_path_factory.mktemp("provider"))
    with created.process():
        yield created


@pytest.fixture(scope="session")
def account(instance: Instance) -> Account:
    """A citizen at level 2."""
    return instance.create_account("zhangsan", "--phone", "13800000001", "--level", "2")


@pytest.fixture(scope="session")
def node_folder() -> Path:
    """Where openid-client is installed."""
    return Path(__file__).parent / "node"
