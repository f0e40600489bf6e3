"""Why what protects an account is not changed can be said, whatever the reason."""

from idp.authentication.model import FactorRefusal
from idp.selfservice.security.texts import FACTOR_REFUSALS


def test_every_reason_has_a_text() -> None:
    assert set(FACTOR_REFUSALS) == set(FactorRefusal)
