"""The one table of `make bench`: each target, what was measured, and what that stands beside."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

END = "<!-- Below this line `make bench` changes nothing. -->"
_HEAD = ("what", "target", "measured", "limit", "")


@dataclass(frozen=True)
class Row:
    """`limit` is what it stands beside in the same run: the other contender, or what can't be
    passed. `met` is None where nothing was measured; then `measured` says why. A row without a
    target only tells."""

    what: str
    target: str
    measured: str
    limit: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """As they are printed."""
        verdict = {None: "not measured", True: "met", False: "missed"}[self.met]
        if not self.target:
            verdict = ""
        return self.what, self.target, self.measured, self.limit, verdict


def at_least(what: str, value: float, target: float, limit: str, unit: str = "") -> Row:
    """A row whose figure is to be as high as the target."""
    return Row(what, f"at least {target:g}{unit}", f"{value:.2f}{unit}", limit, value >= target)


def at_most(what: str, value: float, target: float, limit: str, unit: str = "") -> Row:
    """A row whose figure is to be as low as the target."""
    return Row(what, f"at most {target:g}{unit}", f"{value:.2f}{unit}", limit, value <= target)


def plain(rows: Sequence[Row]) -> str:
    """The table for a terminal."""
    lines = [_HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def write(path: Path, rows: Sequence[Row], seconds: float) -> None:
    """The same as a page of the documentation. What people wrote below its table stays."""
    _, _, below = (path.read_text() if path.exists() else "").partition(END)
    cells = (_HEAD, ("---",) * len(_HEAD), *(row.cells for row in rows))
    lines = [f"| {' | '.join(each)} |" for each in cells]
    today = dt.datetime.now(dt.UTC).date()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    path.write_text(
        "# How fast it is\n\n"
        "`make bench` wrote this. What is compared ran side by side in this run, taking turns;\n"
        "figures are medians. Ratios and processor time say more than rates and milliseconds,\n"
        "which are this machine's.\n\n"
        f"{today}, {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}; load {load} at the end; {seconds / 60:.0f} minutes.\n\n"
        + "\n".join(lines)
        + f"\n\n{END}{below or chr(10)}"
    )
