"""A worker dies, or a second copy overtakes it, at every step of every job: the books agree."""

from __future__ import annotations

import pytest

from tests.chaos.lab import Lab
from tests.chaos.payments import PAYMENTS, an_earlier_attempt_found_paid
from tests.chaos.strikes import Payment, broken_after, die, overtake

each_payment = pytest.mark.parametrize("payment", PAYMENTS, ids=lambda payment: payment.__name__)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@each_payment
def test_a_worker_may_die_at_any_step(lab: Lab, payment: Payment) -> None:
    assert broken_after(lab, payment, die) == []


@each_payment
def test_a_second_copy_may_overtake_at_any_step(lab: Lab, payment: Payment) -> None:
    assert broken_after(lab, payment, overtake(lab)) == []


def test_a_worker_may_die_while_it_finds_an_earlier_attempt_paid(lab: Lab) -> None:
    # Until it is found our books and Stripe's differ: that is what it is about.
    assert broken_after(lab, an_earlier_attempt_found_paid, die, at_once=False) == []
