"""docs/security.md names a test for each requirement: each must be there."""

from __future__ import annotations

import re

import pytest

from parts.app import REPOSITORY

NAMED = sorted(set(re.findall(r"`(test_\w+)`", (REPOSITORY / "docs/security.md").read_text())))


@pytest.fixture(scope="module")
def tests() -> str:
    return "\n".join(path.read_text() for path in (REPOSITORY / "tests").rglob("test_*.py"))


@pytest.mark.portable
@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_table_names_exists(tests: str, name: str) -> None:
    assert f"def {name}(" in tests
