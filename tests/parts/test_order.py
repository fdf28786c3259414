"""Each process of a run begins with slow tests, and one alone with those of a browser."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import pytest

from tests.order import in_order

MARKS = {"pages": "browser", "axe": "slow browser", "deploys": "slow", "crashes": "slow"}


@dataclass(frozen=True)
class Test:
    __test__ = False

    path: str
    number: int

    def get_closest_marker(self, name: str) -> Any:
        """The first test of a file is marked."""
        return (self.number == 0 and name in MARKS.get(self.path, "").split()) or None


ITEMS = [Test(path, number) for path in MARKS for number in range(6)]
REST = [Test(f"more sums {file}", number) for file in range(20) for number in range(6)]


def stretches(processes: int) -> list[list[Test]]:
    """As xdist's worksteal gives them out at the beginning."""
    given = cast("list[Test]", in_order(cast("list[pytest.Item]", [*REST, *ITEMS]), processes))
    assert sorted(given, key=repr) == sorted([*REST, *ITEMS], key=repr)
    ends = [0]
    for number in range(processes):
        ends.append(ends[-1] + (len(given) - ends[-1]) // (processes - number))
    return [given[begin:end] for begin, end in pairwise(ends)]


@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_no_test_is_left_out_and_a_file_stays_together_at_the_beginning(processes: int) -> None:
    browser, *_ = stretches(processes)
    assert [test.path for test in browser[:12]] == ["pages"] * 6 + ["axe"] * 6


@pytest.mark.parametrize("processes", [2, 3])
def test_each_stretch_begins_with_what_is_slow(processes: int) -> None:
    begins = [stretch[0].path for stretch in stretches(processes)]
    assert begins == ["pages", "deploys", "crashes"][:processes]


def test_a_browser_is_needed_by_one_process_alone() -> None:
    _, *others = stretches(3)
    assert not {"pages", "axe"} & {test.path for stretch in others for test in stretch}
