"""What a defence is: how to take it away from outside, and a play in which that is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.chaos.lab import Lab

Patch = pytest.MonkeyPatch
Play = Callable[[Lab], list[str]]


@dataclass(frozen=True)
class Defence:
    """`remove` takes it away; `play` gives what is broken then, in words: nothing while it
    stands."""

    name: str
    remove: Callable[[Patch], None]
    play: Play


def words(found: list[Any]) -> list[str]:
    return [str(violation) for violation in found]


def at_once_and_drained(lab: Lab) -> list[str]:
    """What is broken now, and after all has drained."""
    at_once = lab.broken_now()
    lab.finish()
    return words(at_once + lab.broken())
