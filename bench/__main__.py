"""Every row of the table in one run: `python -m bench [--against DIR] [--only web,edge] [--many N]`

DIR is another checkout of the product, such as a git worktree of an older commit: what is compared
with it takes turns with this one. Writes docs/performance.md where all was measured.
`--only growth` measures staff's pages alone, at N payments (a million, unless said) beside 1,000.
"""

from __future__ import annotations

import argparse
import logging
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench import (
    charge,
    charges,
    chromium,
    clicks,
    edge,
    growth,
    memory,
    posts,
    processes,
    table,
    web,
)
from bench.site import Site, site
from bench.table import Row
from parts.app import REPOSITORY
from parts.install import install_missing

Section = Callable[[Site, argparse.Namespace], list[Row]]
SECTIONS: dict[str, Section] = {
    "web": lambda here, _: web.rows(here, rounds=5, seconds=2),
    "edge": lambda here, _: edge.rows(here, rounds=5, seconds=2),
    "posts": lambda here, _: posts.rows(here, rounds=5),
    "clicks": lambda here, _: clicks.rows(here),
    "charges": lambda here, asked: [*charge.rows(), *charges.rows(here, 3, asked.against)],
    "processes": lambda here, _: processes.rows(here, rounds=3),
    "memory": lambda here, _: memory.rows(here),
    "chromium": lambda here, _: chromium.rows(here),
    "growth": lambda here, asked: growth.rows(here, asked.many),
}


def measure(name: str, section: Section, asked: argparse.Namespace) -> list[Row]:
    """Its rows, on parts of its own; where it fails, one that says why."""
    try:
        with site() as here:
            return section(here, asked)
    except Exception as error:
        traceback.print_exc()
        return [Row(name, "measured", f"{type(error).__name__}: {error}"[:120])]


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--against", type=Path)
    asked.add_argument("--only", default=",".join(SECTIONS))
    asked.add_argument("--many", type=int, default=growth.MANY)
    options = asked.parse_args()
    logging.disable(logging.WARNING)
    install_missing("wrk")
    began, rows, chosen = time.monotonic(), list[Row](), options.only.split(",")
    for name in chosen:
        found = measure(name, SECTIONS[name], options)
        rows += found
        print(f"{name}, after {time.monotonic() - began:.0f} s:\n{table.plain(found)}", flush=True)
    print(table.plain(rows))
    if chosen == list(SECTIONS) and options.many == growth.MANY:
        table.write(REPOSITORY / "docs" / "performance.md", rows, time.monotonic() - began)


if __name__ == "__main__":
    main()
