"""docs/experience.md has every point, and the tests that it names."""

from __future__ import annotations

import re

import pytest

from parts.app import REPOSITORY

PAGE = (REPOSITORY / "docs" / "experience.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE)


def test_no_point_is_left_out() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 61))


@pytest.mark.parametrize(("number", "held_by"), ROWS, ids=[number for number, _ in ROWS])
def test_a_point_is_held_by_tests_that_exist(number: str, held_by: str) -> None:
    named = re.findall(r"`([^`]+)::(test_\w+)`", held_by)
    assert named
    for file, test in named:
        assert f"def {test}(" in (REPOSITORY / "tests" / file).read_text(), number
