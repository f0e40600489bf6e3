"""What a run prints, writes as JSON and appends to docs/benchmarks.md."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tests.bench.measure import Measured, Results

NOTES = """\
Requests per second of server CPU (user + system time of the whole process tree), one server core, median of \
alternating rounds. `code` counts authorization and token request, `sign_on` also /userinfo. Ours has \
every token and audit row committed in PostgreSQL before the answer leaves; the peer keeps everything in a \
Redis without persistence. The peer's userinfo and introspect use opaque tokens, because it accepts no JWT \
there."""


@dataclass(slots=True)
class Report:
    """Everything a run found out."""

    machine: str
    software: str
    settings: str
    results: Results
    extras: dict[str, Any] = field(default_factory=dict)
    day: date = field(default_factory=date.today)

    def rows(self) -> list[dict[str, Any]]:
        """One row per path."""
        return [_row(path, servers) for path, servers in self.results.items()]

    def write_json(self, file: Path) -> None:
        """The machine-readable result."""
        whole = {
            "rows": self.rows(),
            "day": self.day.isoformat(),
            "machine": self.machine,
            "software": self.software,
            "settings": self.settings,
            "extras": self.extras,
        }
        file.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n")

    def text(self) -> str:
        """The result as Markdown."""
        lines = [f"## {self.day.isoformat()}", "", f"{self.machine}. {self.software}. {self.settings}.", ""]
        lines += ["| path | ours /core·s | peer /core·s | ratio | ours p50/p99 ms | peer p50/p99 ms |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [_line(path, servers) for path, servers in self.results.items()]
        lines += ["", *(f"- {name}: {value}" for name, value in self.extras.items())]
        return "\n".join(lines) + "\n"

    def record(self, file: Path) -> None:
        """Append the run to the page that keeps them."""
        before = file.read_text() if file.exists() else f"# Benchmarks\n\n`./dev bench --record`. {NOTES}\n"
        file.write_text(f"{before}\n{self.text()}")


def _row(path: str, servers: dict[str, Measured]) -> dict[str, Any]:
    row: dict[str, Any] = {"path": path}
    for name, measured in servers.items():
        row[name] = round(measured.per_core, 1)
        row[f"{name}_spread"] = [round(value, 1) for value in measured.spread]
        row[f"{name}_p50_ms"] = round(measured.latency(0.5), 2)
        row[f"{name}_p99_ms"] = round(measured.latency(0.99), 2)
    row["ratio"] = round(row["ours"] / row["peer"], 2) if "ours" in row and "peer" in row else None
    return row


def _line(path: str, servers: dict[str, Measured]) -> str:
    row = _row(path, servers)

    def cells(name: str) -> tuple[str, str]:
        if name not in row:
            return "–", "–"
        low, high = row[f"{name}_spread"]
        times = f"{row[f'{name}_p50_ms']} / {row[f'{name}_p99_ms']}"
        return f"{row[name]:,.0f} ({low:,.0f}–{high:,.0f})", times

    ratio = f"**{row['ratio']:.2f}**" if row["ratio"] else "–"
    (ours, ours_times), (peer, peer_times) = cells("ours"), cells("peer")
    return f"| {path} | {ours} | {peer} | {ratio} | {ours_times} | {peer_times} |"
