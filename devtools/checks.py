"""`./dev check`: style, types, floors and dependencies, side by side, each with one line of outcome."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

from devtools.environment import ROOT, VENV, clean_environment

BIN = VENV / "bin"
PYTHON = str(BIN / "python")

CHECKS = {
    "types": [PYTHON, "-m", "mypy", "idp", "clients", "migrations", "tests", "devtools", "dev"],
    "style": [str(BIN / "ruff"), "check", "--quiet", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "floors": [str(BIN / "lint-imports")],
    "dependencies": [str(BIN / "deptry"), "--no-ansi", "."],
    "architecture": [PYTHON, "-m", "pytest", "-q", "tests/architecture"],
}


def run() -> int:
    """Run every check, whatever the others say; 0 if all are content."""
    failed = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done in as_completed([pool.submit(_one, name) for name in CHECKS]):
            name, code, output, seconds = done.result()
            print(f"{'ok    ' if code == 0 else 'FAILED'} {name} ({seconds:.1f} s)", flush=True)
            if code:
                failed.append(name)
                print(f"  {subprocess.list2cmdline(CHECKS[name])}\n{output}", flush=True)
    print(f"check: {', '.join(failed)} failed" if failed else "check: all is well", flush=True)
    return 1 if failed else 0


def _one(name: str) -> tuple[str, int, str, float]:
    began = time.monotonic()
    done = subprocess.run(
        CHECKS[name],
        check=False,
        cwd=ROOT,
        env=clean_environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return name, done.returncode, done.stdout, time.monotonic() - began
