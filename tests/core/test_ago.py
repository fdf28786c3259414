"""How long something lasted, in the unit that people count it in."""

from __future__ import annotations

import pytest

from payments_app.core.ago import duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (3600, "60 min"), (7200, "2 h"), (90000, "25 h")],
)
def test_a_duration_is_said_in_its_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words
