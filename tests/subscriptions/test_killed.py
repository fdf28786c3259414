"""Workers that are killed in the middle of a renewal: it is billed, and billed once."""

from __future__ import annotations

from pathlib import Path

import pytest

from parts.app import Sweeper, Worker
from parts.process import wait_until
from tests.subscriptions.club import Club, at

# Seen to outlast its minute on a busy machine.
pytestmark = pytest.mark.long

RENEWAL = "2026-02-28"


@pytest.mark.parametrize("call", ["/v1/payment_intents", "/confirm"])
def test_a_worker_killed_while_stripe_is_called_bills_once(
    club: Club, settings: dict[str, str], tmp_path: Path, call: str
) -> None:
    member = club.join()
    match = {"method": "POST", "path": f"{call}$"}
    club.sandbox("POST", "/_sandbox/faults", fault="hang", match=match, ms=15_000)
    club.start_renewal(member, RENEWAL)
    with Sweeper(tmp_path, settings), Worker(tmp_path, settings, "charges") as worker:
        assert wait_until(lambda: len(club.intents()) == 2 and club.is_under_way(call), 60)
        worker.kill()
    club.mend_stripe()
    club.make_due()
    club.settle(at(RENEWAL))
    club.go_to(RENEWAL)
    assert club.starts(member) == ["2026-01-31", RENEWAL]
    assert [intent["status"] for intent in club.intents()] == ["succeeded"] * 2
