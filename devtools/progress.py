"""Shows how far an installation has come: a bar on a terminal, else a line now and then."""

import shutil
import sys
import time

WIDTH = 30
SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Counts to `total`; writes to standard error, so that a command's own output stays clean."""

    def __init__(self, title: str, total: int) -> None:
        self.title = title
        self.total = max(total, 1)
        self.started = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._last_line = self.started
        if not self._terminal:
            print(f"dev: {title} …", file=sys.stderr, flush=True)

    def show(self, done: int, note: str) -> None:
        """Say what is done and what is being worked on."""
        share = min(done / self.total, 1.0)
        if self._terminal:
            full = int(share * WIDTH)
            line = f"{self.title} [{'█' * full}{'░' * (WIDTH - full)}] {share:4.0%} {note}"
            print(
                f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}",
                end="",
                file=sys.stderr,
                flush=True,
            )
            return
        now = time.monotonic()
        if now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            print(f"dev: {share:.0%} {note}", file=sys.stderr, flush=True)

    def close(self, outcome: str = "done") -> None:
        """End the line and say how long it took."""
        seconds = time.monotonic() - self.started
        start = "\r\033[K" if self._terminal else "dev: "
        print(f"{start}{self.title}: {outcome} in {seconds:.0f} s", file=sys.stderr, flush=True)
