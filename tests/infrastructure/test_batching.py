"""What asks at the same moment shares a trip, and nobody's failure is another's."""

import asyncio
from collections.abc import Sequence

import pytest

from idp.infrastructure import batching
from idp.infrastructure.batching import MOST_UNANSWERED, Batcher
from tests.support.waiting import until

pytestmark = pytest.mark.anyio


class Line:
    """Answers each number with its double; remembers the batches; may be held back."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def flush(self, numbers: Sequence[int]) -> Sequence[int | BaseException]:
        """The answers; an odd number is refused, 99 breaks the line."""
        self.batches.append(list(numbers))
        await self.open.wait()
        if 99 in numbers:
            raise OSError("broken")
        return [LookupError(number) if number % 2 else number * 2 for number in numbers]


async def test_who_asks_in_one_turn_shares_a_batch() -> None:
    line = Line()
    batcher: Batcher[int, int] = Batcher(line.flush)
    assert await asyncio.gather(*[batcher.ask(number) for number in (2, 4, 6)]) == [4, 8, 12]
    assert line.batches == [[2, 4, 6]]


async def test_who_comes_while_a_batch_is_under_way_shares_the_next() -> None:
    line = Line()
    batcher: Batcher[int, int] = Batcher(line.flush)
    line.open.clear()
    first = asyncio.create_task(batcher.ask(2))
    await until(lambda: line.batches)
    others = []
    for number in (4, 6, 8):
        others.append(asyncio.create_task(batcher.ask(number)))
        await asyncio.sleep(0)
    line.open.set()
    assert await asyncio.gather(first, *others) == [4, 8, 12, 16]
    assert line.batches == [[2], [4, 6, 8]]


async def test_as_many_batches_as_lanes_are_under_way() -> None:
    line = Line()
    batcher: Batcher[int, int] = Batcher(line.flush, lanes=2)
    line.open.clear()
    tasks = []
    for number in (2, 4, 6, 8):
        tasks.append(asyncio.create_task(batcher.ask(number)))
        for _ in range(5):
            await asyncio.sleep(0)
    assert line.batches == [[2], [4]]
    line.open.set()
    assert await asyncio.gather(*tasks) == [4, 8, 12, 16]
    assert line.batches == [[2], [4], [6, 8]]


async def test_a_batch_is_no_larger_than_allowed() -> None:
    line = Line()
    batcher: Batcher[int, int] = Batcher(line.flush, most=3)
    await asyncio.gather(*[batcher.ask(number) for number in range(0, 20, 2)])
    assert [len(batch) for batch in line.batches] == [3, 3, 3, 1]


async def test_a_refusal_is_only_its_own() -> None:
    batcher: Batcher[int, int] = Batcher(Line().flush)
    outcomes = await asyncio.gather(*[batcher.ask(n) for n in (2, 3, 4)], return_exceptions=True)
    assert [outcomes[0], type(outcomes[1]), outcomes[2]] == [4, LookupError, 8]


async def test_a_broken_line_is_told_to_all_in_the_batch_and_the_next_goes_on() -> None:
    batcher: Batcher[int, int] = Batcher(Line().flush)
    outcomes = await asyncio.gather(*[batcher.ask(n) for n in (2, 99, 4)], return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OSError] * 3
    assert await batcher.ask(6) == 12


async def test_who_goes_away_does_not_take_the_batch_along() -> None:
    line = Line()
    batcher: Batcher[int, int] = Batcher(line.flush)
    line.open.clear()
    tasks = [asyncio.create_task(batcher.ask(number)) for number in (2, 4, 6)]
    await until(lambda: line.batches)
    tasks[1].cancel()
    line.open.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcomes[0], type(outcomes[1]), outcomes[2]] == [4, asyncio.CancelledError, 12]


async def test_draining_waits_for_what_was_asked_and_not_begun() -> None:
    line = Line()
    batcher: Batcher[int, int] = Batcher(line.flush)
    tasks = [asyncio.create_task(batcher.ask(number)) for number in (2, 4)]
    await asyncio.sleep(0)
    await batcher.drain()
    assert [task.done() or line.batches == [[2, 4]] for task in tasks] == [True, True]
    assert await asyncio.gather(*tasks) == [4, 8]


async def test_while_nothing_is_answered_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "SILENT_SECONDS", 0.0)
    line = Line()
    line.open.clear()
    batcher: Batcher[int, int] = Batcher(line.flush, silent=LookupError)
    first = asyncio.create_task(batcher.ask(2))
    await until(lambda: line.batches)
    waiting = [asyncio.create_task(batcher.ask(4)) for _ in range(MOST_UNANSWERED)]
    await asyncio.sleep(0.01)
    for _ in range(100):
        with pytest.raises(LookupError):
            await batcher.ask(6)
    line.open.set()
    assert await first == 4
    assert await asyncio.gather(*waiting) == [8] * MOST_UNANSWERED
    assert await batcher.ask(6) == 12


async def test_who_waited_behind_silence_hears_it_with_the_batch_and_then_one_asks_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "SILENT_SECONDS", 0.0)
    line = Line()
    line.open.clear()
    batcher: Batcher[int, int] = Batcher(line.flush, silent=LookupError)
    first = asyncio.create_task(batcher.ask(99))
    await until(lambda: line.batches)
    waiting = [asyncio.create_task(batcher.ask(4)) for _ in range(10)]
    await asyncio.sleep(0.01)
    line.open.set()
    outcomes = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OSError] + [LookupError] * 10
    assert line.batches == [[99]]
    line.open.clear()
    again = asyncio.create_task(batcher.ask(2))
    await until(lambda: len(line.batches) == 2)
    with pytest.raises(LookupError):
        await batcher.ask(6)
    line.open.set()
    assert await again == 4
    assert [await batcher.ask(6), await batcher.ask(8)] == [12, 16]
