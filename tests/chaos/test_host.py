"""A small campaign on the hotel of docs/embedding.md, whose bookings are paid by real workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import campaign, report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_host_s_own_payable_goes_through_the_campaign(tmp_path: Path) -> None:
    outcome = campaign.run(101, 60, 25, tmp_path, hurry=True, host=True)
    told = "\n".join(report.lines(outcome))
    print(told)  # for who asks with -s
    assert outcome.is_good, told
