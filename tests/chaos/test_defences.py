"""Every defence is needed: with it a play breaks nothing, without it the same play is noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.defences import DEFENCES, Defence
from tests.chaos.lab import Lab

each_defence = pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.name)
pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.expects_failure]


@pytest.mark.parametrize(
    "play",
    dict.fromkeys(defence.play for defence in DEFENCES),
    ids=lambda play: play.__name__,
)
def test_nothing_breaks_while_the_defences_stand(
    lab: Lab, play: Callable[[Lab], list[str]]
) -> None:
    assert play(lab) == []


@each_defence
def test_a_missing_defence_is_noticed(
    lab: Lab,
    defence: Defence,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    defence.remove(monkeypatch)
    found = defence.play(lab)
    caught = sorted({words.partition(":")[0] for words in found})
    record_property(defence.name, ", ".join(caught) or "NOTHING")
    assert found
