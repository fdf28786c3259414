"""The events that the deploy page tells to subscribe to are those that are handled."""

from __future__ import annotations

import re
from pathlib import Path

from payments_app.inbound.kinds import HANDLINGS

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"


def test_the_deploy_page_names_every_event_that_is_handled_and_no_other() -> None:
    sentence = PAGE.read_text().partition("It sends these events:\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z_.]+)`", sentence)) == set(HANDLINGS)
