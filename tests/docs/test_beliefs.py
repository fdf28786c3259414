"""Each belief of Stripe names the tests that tell on a test account, or why none can."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_belief_names_a_test_of_the_contract_or_says_why_there_is_none() -> None:
    text = "".join(file.read_text() for file in (ROOT / "tests/sandbox").glob("test_*.py"))
    rows = re.findall(
        r"^\| \d+ \|.*\| (.+) \|$", (ROOT / "docs/stripe-beliefs.md").read_text(), re.M
    )
    assert rows
    for told in rows:
        names = re.findall(r"`(test_\w+)`", told)
        assert names or told.startswith("none: ")
        assert [name for name in names if f"def {name}(" not in text] == []
