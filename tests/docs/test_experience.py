"""docs/experience.md has every point, and the tests that it names."""

from __future__ import annotations

import re

import pytest

from parts.app import REPOSITORY

PAGE = (REPOSITORY / "docs" / "experience.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
FILES = {name.removeprefix("tests/") for name in re.findall(r"`([\w/]+\.py)\b", PAGE)}


def test_no_point_is_left_out() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 61))


@pytest.mark.parametrize(("number", "held_by"), ROWS, ids=[number for number, _ in ROWS])
def test_a_point_is_held_by_tests_and_by_nothing_else(number: str, held_by: str) -> None:
    assert TEST.search(held_by), number
    assert TEST.sub("", held_by).strip(", ") == "", number


@pytest.mark.parametrize("file", sorted(FILES))
def test_each_test_that_is_named_is_there(file: str) -> None:
    path = REPOSITORY / "tests" / file
    there = re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    assert there
    assert {test for of, test in TEST.findall(PAGE) if of == file} <= set(there)
