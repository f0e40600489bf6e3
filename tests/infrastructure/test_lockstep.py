"""In each round of a shared transaction like calls are put together, and what only adds rows waits for nobody."""

from sqlalchemy import Column, MetaData, Table, Text, bindparam, insert, update

from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.lockstep import Lockstep

_lines = Table("lines", MetaData(), Column("id", Text, primary_key=True))
_notices = Table("notices", MetaData(), Column("id", Text, primary_key=True))
ADD_LINE, ADD_NOTICE = Statement(insert(_lines)), Statement(insert(_notices))
CHANGE = Statement(
    update(_lines).where(_lines.c.id == bindparam("the_id", type_=Text)).values(id="other"), lock_key="the_id"
)


def _unit() -> Transaction[None]:
    yield ADD_NOTICE(id="1")
    yield ADD_NOTICE(id="2")
    yield ADD_LINE(id="1")
    yield ADD_LINE(id="2")


def _rounds(steps: Lockstep) -> list[list[tuple[Statement, int]]]:
    rounds = []
    while groups := steps.round():
        rounds.append([(statement, len(asked)) for statement, asked in groups])
    return rounds


def test_the_rows_that_a_unit_adds_to_one_table_go_together() -> None:
    assert _rounds(Lockstep([_unit])) == [[(ADD_NOTICE, 2)], [(ADD_LINE, 2)]]


def test_so_do_those_of_several_units() -> None:
    assert _rounds(Lockstep([_unit, _unit])) == [[(ADD_NOTICE, 4)], [(ADD_LINE, 4)]]


def test_what_locks_rows_goes_one_a_round_for_all_units_lock_in_one_order() -> None:
    def unit() -> Transaction[None]:
        yield CHANGE(the_id="1")
        yield CHANGE(the_id="2")

    assert _rounds(Lockstep([unit])) == [[(CHANGE, 1)], [(CHANGE, 1)]]


def test_rows_are_added_in_the_order_in_which_they_were_asked_for() -> None:
    [(_, asked)] = Lockstep([_unit]).round()
    assert [call.parameters["id"] for _, call in asked] == ["1", "2"]
