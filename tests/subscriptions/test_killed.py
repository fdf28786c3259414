"""Workers that are killed in the middle of renewals: each is billed, and billed once."""

from __future__ import annotations

from pathlib import Path

import pytest

from parts.app import Worker
from parts.process import wait_until
from payments_app.core.jobs import wake_up
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.slow

RENEWAL = "2026-02-28"
MEMBERS = 20


@pytest.mark.expects_failure("charge")
@pytest.mark.parametrize("call", ["/v1/payment_intents", "/confirm"])
def test_a_worker_killed_while_stripe_is_called_bills_once(
    billing: BillingDriver, settings: dict[str, str], tmp_path: Path, call: str
) -> None:
    member = billing.join()
    match = {"method": "POST", "path": f"{call}$"}
    billing.sandbox("POST", "/_sandbox/faults", fault="hang", match=match, ms=15_000)
    billing.start_renewal(member, RENEWAL)
    with Worker(tmp_path, settings, "charges") as worker:
        assert wait_until(lambda: len(billing.intents()) == 2 and billing.is_under_way(call), 60)
        worker.kill()
    billing.mend_stripe()
    billing.make_due()
    billing.run_due(at(RENEWAL))
    billing.go_to(RENEWAL)
    assert billing.starts(member) == ["2026-01-31", RENEWAL]
    assert [intent["status"] for intent in billing.intents()] == ["succeeded"] * 2


@pytest.mark.expects_failure("charge")
def test_twenty_renewals_under_killed_workers_are_each_billed_once(
    billing: BillingDriver, settings: dict[str, str], tmp_path: Path
) -> None:
    members = [billing.join() for _ in range(MEMBERS)]
    billing.fail_stripe("slow", "/v1/payment_intents", times=None, ms=300)
    for member in members:
        billing.start_renewal(member, RENEWAL)
    for _ in range(2):
        before = billing.succeeded()
        assert before < 2 * MEMBERS
        wake_up.wake("charges")
        with Worker(tmp_path, settings, "charges") as worker:
            assert wait_until(lambda before=before: billing.succeeded() > before, 60)
            worker.kill()
        billing.make_due()
    billing.mend_stripe()
    assert wait_until(lambda: billing.is_billed(at(RENEWAL), members, 2), 60)
    assert {tuple(billing.starts(member)) for member in members} == {("2026-01-31", RENEWAL)}
    assert [intent["status"] for intent in billing.intents()] == ["succeeded"] * 2 * MEMBERS
