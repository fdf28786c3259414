"""A worker dies, or a second copy overtakes it, at every step of every job: the books agree."""

from __future__ import annotations

import pytest

from tests.chaos.lab import Lab
from tests.chaos.payments import PAYMENTS, a_good_card, an_earlier_attempt_found_paid
from tests.chaos.strikes import Payment, broken_after, die, overtake

EVERY = 12  # of each payment's steps some are struck by `make test`, all by `make machine`
each_payment = pytest.mark.parametrize("payment", PAYMENTS, ids=lambda payment: payment.__name__)
pytestmark = [pytest.mark.timeout(900), pytest.mark.expects_failure]


def _some_of(payment: Payment) -> slice:
    """Others for each payment, so that together they are of all kinds."""
    return slice(PAYMENTS.index(payment) % EVERY, None, EVERY)


@pytest.mark.slow
def test_a_worker_may_die_at_any_step_of_a_good_card(lab: Lab) -> None:
    """PAYMENTS' first; so the test below begins with the second."""
    assert broken_after(lab, a_good_card, die) == []


@pytest.mark.slow
@pytest.mark.parametrize("payment", PAYMENTS[1:], ids=lambda payment: payment.__name__)
def test_a_worker_may_die_at_some_steps(lab: Lab, payment: Payment) -> None:
    assert broken_after(lab, payment, die, steps=_some_of(payment)) == []


@pytest.mark.slow
@each_payment
def test_a_second_copy_may_overtake_at_some_steps(lab: Lab, payment: Payment) -> None:
    assert broken_after(lab, payment, overtake(lab), steps=_some_of(payment)) == []


@pytest.mark.long
@each_payment
def test_a_worker_may_die_at_any_step(lab: Lab, payment: Payment) -> None:
    assert broken_after(lab, payment, die) == []


@pytest.mark.long
@each_payment
def test_a_second_copy_may_overtake_at_any_step(lab: Lab, payment: Payment) -> None:
    assert broken_after(lab, payment, overtake(lab)) == []


@pytest.mark.slow
def test_a_worker_may_die_while_it_finds_an_earlier_attempt_paid(lab: Lab) -> None:
    # Until it is found our books and Stripe's differ: that is what it is about.
    steps = slice(2, None, EVERY)
    assert broken_after(lab, an_earlier_attempt_found_paid, die, at_once=False, steps=steps) == []


@pytest.mark.long
def test_a_worker_may_die_at_any_step_of_finding_an_earlier_attempt_paid(lab: Lab) -> None:
    assert broken_after(lab, an_earlier_attempt_found_paid, die, at_once=False) == []
