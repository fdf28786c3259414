"""What another release stored beside a payment, before an update or a way back, stops nothing: what
this one does not know of is left out."""

from __future__ import annotations

from typing import Any

import pytest

from payments_app.payments.truth import truth_of
from tests.attention.other_releases import STORED, store
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back, refunds

pytestmark = pytest.mark.portable


@pytest.mark.parametrize("stored", STORED)
def test_a_refund_of_it_succeeds_and_works_its_truth_out_anew(
    driver: PaymentDriver, stored: Any
) -> None:
    paid, other = driver.pay(), driver.pay()
    store(paid, stored)
    give_back(driver, paid, 500)
    assert [refund.state for refund in refunds(paid)] == ["succeeded"]
    assert truth_of(driver.read(paid)).status == "partly_refunded"
    assert driver.read(other).attention is None


def test_what_is_known_of_it_is_read(driver: PaymentDriver) -> None:
    paid = driver.pay()
    store(paid, STORED[3])
    read = truth_of(driver.read(paid))
    assert (read.status, [need.what for need in read.needs]) == (
        "held_by_stripe",
        ["dispute", "call_bank"],
    )
