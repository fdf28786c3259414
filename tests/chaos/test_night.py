"""A short night on real processes, its waits cut short at the end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chaos.night import report
from chaos.night.run import run

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own takes root"),
]


def test_a_short_night_loses_nothing_and_tells_each_alert_once(tmp_path: Path) -> None:
    outcome = run(21, tmp_path, scale=0.02, pace=0.5, hurry=True)
    told = "\n".join(report.lines(outcome))
    print(told)  # for who asks with -s
    assert not outcome.violations, told
