"""Whatever hinders something at the counter can be said on its pages, also what the rooms below call it."""

from idp.accounts.merges.service import MergeRefusal
from idp.counter.model import Hindrance
from idp.counter.texts import REFUSALS
from idp.organizations.guardians import Impediment


def test_every_hindrance_has_a_text() -> None:
    assert set(REFUSALS) == set(Hindrance)


def test_what_stands_against_a_merge_or_a_guardian_is_one() -> None:
    for word in (*MergeRefusal, *Impediment):
        assert Hindrance(word.value)
