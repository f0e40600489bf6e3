"""The tests of likeness find what is there, and nothing else."""

from tests.resilience.alike import ALPHA, share, two_sided


def test_the_rank_test_finds_what_is_there_and_nothing_else() -> None:
    evens, odds = [float(2 * n) for n in range(200)], [float(2 * n + 1) for n in range(200)]
    assert two_sided(evens, odds) > 0.5
    assert two_sided(evens, [value + 100 for value in odds]) < ALPHA
    assert two_sided([1.0] * 200, [1.0] * 200) == 1.0


def test_shares_that_differ_are_found_and_chance_is_not() -> None:
    assert share(100, 200, 108, 200) > ALPHA
    assert share(100, 200, 160, 200) < ALPHA
    assert share(0, 200, 0, 200) == share(200, 200, 200, 200) == 1.0
