"""One payment from open to its end, on a real database and a real stand-in for Stripe."""

from __future__ import annotations

import pytest

from payments_app.gateway.results import Answer, Verdict
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.keep_answer import keep_answer
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def test_a_good_card_completes_the_payment(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay("pm_card_visa"))
    assert (transaction.state, transaction.phase) == ("complete", "complete")
    assert transaction.success


def test_a_completed_payment_keeps_what_staff_need(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay("pm_card_visa"))
    assert transaction.stripe_payment_id.startswith("pi_")
    assert (transaction.card_brand, transaction.card_last4) == ("visa", "4242")
    assert transaction.receipt_url
    assert (transaction.error_code, transaction.error_message) == (None, None)


def test_a_card_that_is_kept_without_a_charge_is_named_too() -> None:
    transaction, card = Transaction(), {"brand": "visa", "last4": "4242"}
    body = {"id": "seti_1", "status": "succeeded", "payment_method": {"card": card}}
    keep_answer(transaction, Answer("confirm", Verdict.SUCCEEDED, body))
    assert (transaction.card_brand, transaction.card_last4) == ("visa", "4242")


def test_the_kept_response_is_complete_but_for_its_secret(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay())
    assert transaction.stripe_data["status"] == "succeeded"
    assert transaction.stripe_data["latest_charge"]["paid"] is True
    assert "client_secret" not in str(transaction.stripe_data)
    assert transaction.client_secret is None


def test_a_declined_card_fails_the_payment_with_its_code(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay("pm_card_visa_chargeDeclined"))
    assert (transaction.state, transaction.phase) == ("failed", "failed")
    assert transaction.error_code == "card_declined"
    assert transaction.declined
    assert transaction.error_type == "card_error"
    assert transaction.error_message


def test_a_declined_card_keeps_the_whole_error_body(driver: PaymentDriver) -> None:
    error = driver.read(driver.pay("pm_card_visa_chargeDeclinedInsufficientFunds")).error
    assert error["decline_code"] == "insufficient_funds"
    assert error["advice_code"] == "try_again_later"
    assert "secret" not in str(error)


def test_every_attempt_is_linked_to_its_customer(driver: PaymentDriver) -> None:
    failed = driver.read(driver.pay("pm_card_visa_chargeDeclined"))
    assert {"pays_for", "customer"} <= {record.role for record in failed.records}


def test_a_decline_keeps_the_order_payable(driver: PaymentDriver) -> None:
    order = driver.create_order()
    driver.pay("pm_card_visa_chargeDeclined", order)
    assert driver.order(order).status == "payment_failed"
    again = driver.read(driver.pay("pm_card_visa", order))
    assert (again.phase, again.attempt) == ("complete", 2)
    assert driver.order(order).status == "paid"
    assert driver.order(order).paid_at == again.ended_at


def test_another_card_closes_the_first_intent_at_stripe(driver: PaymentDriver) -> None:
    order = driver.create_order()
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    driver.pay("pm_card_visa", order)
    statuses = {i["metadata"]["transaction_id"]: i["status"] for i in driver.intents()}
    assert statuses[first] == "canceled"
    assert driver.read(first).phase == "failed"
    assert driver.read(first).stripe_status == "canceled"


def test_nothing_to_pay_succeeds_without_stripe(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay(amount=0))
    assert (transaction.phase, transaction.amount) == ("complete", 0)
    assert transaction.stripe_data == {"type": "zero_amount"}
    assert driver.intents() == []


def test_a_bank_check_waits_for_the_buyer(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay("pm_card_authenticationRequired"))
    assert (transaction.state, transaction.phase) == ("pending", "requires_action")
    assert transaction.client_secret.startswith(transaction.stripe_payment_id)
    assert "client_secret" not in str(transaction.stripe_data)


def test_the_timeline_names_each_call_with_its_request_id(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    assert driver.happened(transaction)[:5] == [
        "payment.created",
        "payment.processing",
        "stripe.create",
        "stripe.confirm",
        "payment.completed",
    ]


def test_stripe_is_told_whose_payment_it_is(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    (said,) = [intent["metadata"] for intent in driver.intents()]
    assert said["transaction_id"] == transaction


def test_a_charge_run_twice_charges_once(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    before = driver.read(transaction).version
    from payments_app.core.jobs.command import Claim
    from payments_app.core.jobs.perform import perform

    perform(Claim(0, "charges", "charge", transaction, 0, 0, 0))
    assert driver.read(transaction).version == before
    assert len(driver.intents()) == 1


def test_an_unusable_request_fails_and_is_not_retried(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay("pm_nothing_of_ours"))
    assert transaction.phase == "failed"
    assert transaction.error_type == "invalid_request_error"
    assert [m.tries for m in driver.messages("charge")] == [0]
