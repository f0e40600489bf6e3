"""Says at the end which files and functions are larger than advised, though not yet too large."""

import pytest

from tests.architecture.sizes import ADVISED_FILE, ADVISED_FUNCTION, files_over, functions_over


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A list to look at, no failure."""
    large = [*files_over(ADVISED_FILE), *functions_over(ADVISED_FUNCTION)]
    if large:
        terminalreporter.section("larger than advised")
        terminalreporter.write_line("\n".join(large))
