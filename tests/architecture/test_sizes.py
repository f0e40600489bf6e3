"""Nothing grows until nobody reads it."""

from tests.architecture.sizes import (
    LARGEST_FILE,
    LARGEST_FUNCTION,
    MOST_PARAMETERS,
    files_over,
    functions_over,
    functions_with_more_parameters_than,
)


def test_no_file_is_too_long() -> None:
    assert files_over(LARGEST_FILE) == []


def test_no_function_is_too_long() -> None:
    assert functions_over(LARGEST_FUNCTION) == []


def test_no_function_takes_too_many_parameters() -> None:
    assert functions_with_more_parameters_than(MOST_PARAMETERS) == []
