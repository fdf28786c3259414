"""A worker dies, or a second copy overtakes it, at every step of every job: the books agree."""

from __future__ import annotations

import pytest

from tests.chaos.lab import Lab
from tests.chaos.payments import PAYMENTS
from tests.chaos.strikes import Payment, broken_after, die, overtake

each_payment = pytest.mark.parametrize("payment", PAYMENTS, ids=lambda payment: payment.__name__)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@each_payment
def test_a_worker_may_die_at_any_step(lab: Lab, payment: Payment) -> None:
    assert broken_after(lab, payment, die) == []


@each_payment
def test_a_second_copy_may_overtake_at_any_step(lab: Lab, payment: Payment) -> None:
    assert broken_after(lab, payment, overtake(lab)) == []
