"""`make run` waits as long as something moves, and says for what."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from demo.launch import wait_while_moving


def _true_after(calls: int) -> Iterator[bool]:
    return (number >= calls for number in count())


def test_it_waits_longer_than_its_time_while_something_moves() -> None:
    ready, moves = _true_after(400), count()
    assert wait_while_moving(lambda: next(ready), lambda: next(moves), "web", 0.05, 9)


def test_it_gives_up_once_nothing_moves() -> None:
    assert not wait_while_moving(lambda: False, lambda: 1, "web", 0.1, 9)


def test_it_says_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    wait_while_moving(lambda: False, lambda: 1, "web", 0.2, 0.05)
    assert "Waiting for web" in capsys.readouterr().out
