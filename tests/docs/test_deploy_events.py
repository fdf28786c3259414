"""The events that the deploy page tells to subscribe to are those that are handled."""

from __future__ import annotations

import re
from pathlib import Path

from payments_app.inbound.kinds import HANDLINGS, THIN_HANDLINGS

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"


def listed(after: str) -> set[str]:
    sentence = PAGE.read_text().partition(after)[2].partition("\n\n")[0]
    return set(re.findall(r"`([a-z0-9_.\[\]]+)`", sentence))


def test_the_deploy_page_names_every_event_that_is_handled_and_no_other() -> None:
    assert listed("what the first two send:\n") == set(HANDLINGS)


def test_the_deploy_page_names_every_thin_event_that_is_handled_and_no_other() -> None:
    assert listed("The third sends:\n") == set(THIN_HANDLINGS)
