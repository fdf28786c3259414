"""The order in which the processes of a run begin tests: the slow ones at once, the rest behind.

xdist's `worksteal` gives each process one stretch of the list, and who is done takes the second
half of another's. So each stretch begins with slow files, and those that drive a browser stand in
one: a shop and a Chromium are started for each process that has one of them.
"""

from __future__ import annotations

from itertools import islice

import pytest


def in_order(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """The same tests, a stretch for each process."""
    marked = {name: _paths(items, name) for name in ("slow", "browser")}
    browser = [item for item in items if item.path in marked["browser"]]
    others = [
        item for item in items if item.path in marked["slow"] and item.path not in marked["browser"]
    ]
    rest = (
        item
        for item in items
        if item.path not in marked["slow"] and item.path not in marked["browser"]
    )
    begins = [browser, *_shared(others, processes - 1)] if processes > 1 else [browser + others]
    ordered: list[pytest.Item] = []
    for number, begin in enumerate(begins):
        stretch = (len(items) - len(ordered)) // (processes - number)
        ordered += [*begin, *islice(rest, max(0, stretch - len(begin)))]
    return [*ordered, *rest]


def _paths(items: list[pytest.Item], mark: str) -> set[object]:
    return {item.path for item in items if item.get_closest_marker(mark)}


def _shared(items: list[pytest.Item], processes: int) -> list[list[pytest.Item]]:
    """Whole files, one to each process in turn."""
    files = list(dict.fromkeys(item.path for item in items))
    turn = {path: number % processes for number, path in enumerate(files)}
    return [[item for item in items if turn[item.path] == n] for n in range(processes)]
