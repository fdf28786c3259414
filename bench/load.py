"""Load from one machine: wrk for rates, and what it costs by the processes' own clocks."""

from __future__ import annotations

import re
import statistics
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

CONNECTIONS = 8
_TICKS = 100  # USER_HZ, of /proc


class LoadError(RuntimeError):
    """A request was not answered as it should; the measurement is worth nothing."""


def cpu_seconds(pid: int) -> float:
    """Of a process and its children, since they started."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = sum(int(fields[place]) for place in (11, 12, 13, 14)) / _TICKS
    return own + sum(cpu_seconds(int(child)) for child in children)


def wrk(
    url: str, headers: Mapping[str, str] | None = None, seconds: int = 2, connections: int = 0
) -> int:
    """How many requests were answered. Raises LoadError where one was with an error."""
    named = [word for name, value in (headers or {}).items() for word in ("-H", f"{name}: {value}")]
    at_once = str(connections or CONNECTIONS)
    command = ["wrk", "-t1", "-c", at_once, "-d", f"{seconds}s", *named, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors:.*", said)
    counted = re.search(r"(\d+) requests in", said)
    if wrong or not counted:
        raise LoadError(f"{url}: {wrong[0] if wrong else said}")
    return int(counted[1])


def cpu_per_request(pid: int, load: Callable[[], int]) -> float:
    """Microseconds of a server's processor time for each request of a load."""
    before = cpu_seconds(pid)
    requests = load()
    return (cpu_seconds(pid) - before) / requests * 1e6


def take_turns(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each contender over so many rounds, in each of which all have their turn: a
    machine that is busy for a while is so for all. A first round is not counted."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, measure in contenders.items():
            value = measure()
            if number:
                found[name].append(value)
    return {name: statistics.median(values) for name, values in found.items()}
