"""Somebody asks what became of a payment: Stripe is asked soon, and not all the time."""

from __future__ import annotations

import pytest

from payments_app.payments.transactions import check
from payments_app.payments.transactions.check import request_check
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


def test_a_buyer_who_is_back_from_the_bank_twice_is_looked_up_after_the_second_time(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "BACK_SECONDS", 10**6)
    transaction = driver.pay("pm_card_authenticationRequired")
    request_check(transaction, back=True)
    driver.work("charges")
    assert driver.read(transaction).phase == "requires_action"
    driver.pass_bank_check(transaction)
    assert request_check(transaction, back=True)
    driver.make_due("check")
    driver.work("charges")
    assert driver.read(transaction).phase == "complete"


def test_coming_back_again_and_again_asks_stripe_twice_in_a_while(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "BACK_SECONDS", 10**6)
    transaction = driver.pay("pm_card_authenticationRequired")
    assert [request_check(transaction, back=True) for _ in range(3)] == [True, False, False]
    driver.work("charges")
    assert [request_check(transaction, back=True) for _ in range(3)] == [True, False, False]


def test_whoever_looks_stages_one_look_up_at_a_time(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "LOOK_SECONDS", 10**6)
    transaction = driver.pay("pm_card_authenticationRequired")
    assert [request_check(transaction) for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize("transaction", ["", "txn_unknown"])
def test_nothing_is_asked_about_a_payment_that_does_not_exist(
    driver: PaymentDriver, transaction: str
) -> None:
    assert not request_check(transaction)
    assert driver.intents() == []
