"""What a campaign prints at its end."""

from __future__ import annotations

from collections import Counter

import pytest

from chaos import report
from chaos.campaign import Outcome


@pytest.mark.parametrize(
    ("by_job", "by_look", "told"),
    [
        (95, 5, "95 by a job, 5 by a look; 95.0% by a job; at least 95% with Redis well: met"),
        (94, 6, "94 by a job, 6 by a look; 94.0% by a job; at least 95% with Redis well: missed"),
        (0, 0, "none; 0.0% by a job; at least 95% with Redis well: missed"),
    ],
)
def test_the_share_of_charges_that_jobs_began_stands_beside_its_target(
    by_job: int, by_look: int, told: str
) -> None:
    started = Counter({"by a job": by_job, "by a look": by_look})
    outcome = Outcome(1, 100, started=+started, drain_seconds=1.0, follow_up_seconds=1.0)
    assert f"charges begun: {told}" in list(report.lines(outcome))
    assert outcome.is_good  # faults strike Redis, too: the share alone breaks nothing
