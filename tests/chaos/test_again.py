"""Every job of every payment is done twice in a row, or eight times at once: one effect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from payments_app.core.jobs import runner
from payments_app.core.jobs.command import Claim
from tests.chaos.lab import Lab
from tests.chaos.payments import PAYMENTS
from tests.chaos.strikes import Payment
from tests.ledger.concurrency import run_at_once

each_payment = pytest.mark.parametrize("payment", PAYMENTS, ids=lambda payment: payment.__name__)
once = runner.perform


def broken_by(lab: Lab, payment: Payment, work: Callable[[Claim], None]) -> list[str]:
    """What is wrong in the books after a payment of which each message was worked on like that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "perform", work)
        payment(lab)
        lab.finish()
    return [str(violation) for violation in lab.broken()]


@each_payment
def test_every_job_may_be_done_twice_in_a_row(lab: Lab, payment: Payment) -> None:
    def twice(claim: Claim) -> None:
        once(claim)
        once(claim)

    assert broken_by(lab, payment, twice) == []


@each_payment
def test_every_job_may_be_done_eight_times_at_once(lab: Lab, payment: Payment) -> None:
    def eightfold(claim: Claim) -> None:
        run_at_once(lab.driver.app, lambda: once(claim))

    assert broken_by(lab, payment, eightfold) == []
