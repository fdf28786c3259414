"""Workers that are killed in the middle of renewals: each is billed, and billed once."""

from __future__ import annotations

from pathlib import Path

import pytest

from parts.app import Worker
from parts.process import wait_until
from payments_app.core.jobs import wake_up
from tests.subscriptions.billing_driver import Club, at

pytestmark = pytest.mark.slow

RENEWAL = "2026-02-28"
MEMBERS = 20


@pytest.mark.parametrize("call", ["/v1/payment_intents", "/confirm"])
def test_a_worker_killed_while_stripe_is_called_bills_once(
    club: Club, settings: dict[str, str], tmp_path: Path, call: str
) -> None:
    member = club.join()
    match = {"method": "POST", "path": f"{call}$"}
    club.sandbox("POST", "/_sandbox/faults", fault="hang", match=match, ms=15_000)
    club.start_renewal(member, RENEWAL)
    with Worker(tmp_path, settings, "charges") as worker:
        assert wait_until(lambda: len(club.intents()) == 2 and club.is_under_way(call), 60)
        worker.kill()
    club.mend_stripe()
    club.make_due()
    club.settle(at(RENEWAL))
    club.go_to(RENEWAL)
    assert club.starts(member) == ["2026-01-31", RENEWAL]
    assert [intent["status"] for intent in club.intents()] == ["succeeded"] * 2


def test_twenty_renewals_under_killed_workers_are_each_billed_once(
    club: Club, settings: dict[str, str], tmp_path: Path
) -> None:
    members = [club.join() for _ in range(MEMBERS)]
    club.fail_stripe("slow", "/v1/payment_intents", times=None, ms=300)
    for member in members:
        club.start_renewal(member, RENEWAL)
    for _ in range(2):
        before = club.succeeded()
        assert before < 2 * MEMBERS
        wake_up.ring("charges")
        with Worker(tmp_path, settings, "charges") as worker:
            assert wait_until(lambda before=before: club.succeeded() > before, 60)
            worker.kill()
        club.make_due()
    club.mend_stripe()
    assert wait_until(lambda: club.settles(at(RENEWAL), members, 2), 60)
    assert {tuple(club.starts(member)) for member in members} == {("2026-01-31", RENEWAL)}
    assert [intent["status"] for intent in club.intents()] == ["succeeded"] * 2 * MEMBERS
