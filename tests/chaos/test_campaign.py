"""A small campaign on real processes, its waits cut short."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chaos import campaign, report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_sixty_buyers_lose_nothing_while_everything_breaks(tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED", "100"))
    outcome = campaign.run(seed, 60, 25, tmp_path, hurry=True)
    told = "\n".join(report.lines(outcome))
    print(told)  # for who asks with -s
    assert outcome.is_good, told
