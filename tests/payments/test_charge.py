"""One payment from open to its end, on a real database and a real stand-in for Stripe."""

from __future__ import annotations

import pytest

from tests.payments.driver import Till

pytestmark = pytest.mark.portable


def test_a_good_card_completes_the_payment(till: Till) -> None:
    transaction = till.read(till.pay("pm_card_visa"))
    assert (transaction.state, transaction.phase) == ("complete", "complete")
    assert transaction.success


def test_a_completed_payment_keeps_what_staff_need(till: Till) -> None:
    transaction = till.read(till.pay("pm_card_visa"))
    assert transaction.stripe_payment_id.startswith("pi_")
    assert (transaction.card_brand, transaction.card_last4) == ("visa", "4242")
    assert transaction.receipt_url
    assert (transaction.error_code, transaction.error_message) == (None, None)


def test_the_kept_response_is_complete_but_for_its_secret(till: Till) -> None:
    transaction = till.read(till.pay())
    assert transaction.stripe_data["status"] == "succeeded"
    assert transaction.stripe_data["latest_charge"]["paid"] is True
    assert "client_secret" not in str(transaction.stripe_data)
    assert transaction.client_secret is None


def test_a_declined_card_fails_the_payment_with_its_code(till: Till) -> None:
    transaction = till.read(till.pay("pm_card_visa_chargeDeclined"))
    assert (transaction.state, transaction.phase) == ("failed", "failed")
    assert transaction.error_code == "card_declined"
    assert transaction.declined
    assert transaction.error_type == "card_error"
    assert transaction.error_message


def test_a_declined_card_keeps_the_whole_error_body(till: Till) -> None:
    error = till.read(till.pay("pm_card_visa_chargeDeclinedInsufficientFunds")).error
    assert error["decline_code"] == "insufficient_funds"
    assert error["advice_code"] == "try_again_later"
    assert "secret" not in str(error)


def test_every_attempt_is_linked_to_its_customer(till: Till) -> None:
    failed = till.read(till.pay("pm_card_visa_chargeDeclined"))
    assert {"pays_for", "customer"} <= {record.role for record in failed.records}


def test_a_decline_keeps_the_order_payable(till: Till) -> None:
    order = till.create_order()
    till.pay("pm_card_visa_chargeDeclined", order)
    assert till.order(order).status == "payment_failed"
    again = till.read(till.pay("pm_card_visa", order))
    assert (again.phase, again.attempt) == ("complete", 2)
    assert till.order(order).status == "paid"
    assert till.order(order).paid_at == again.ended_at


def test_another_card_closes_the_first_intent_at_stripe(till: Till) -> None:
    order = till.create_order()
    first = till.pay("pm_card_visa_chargeDeclined", order)
    till.pay("pm_card_visa", order)
    statuses = {i["metadata"]["transaction_id"]: i["status"] for i in till.intents()}
    assert statuses[first] == "canceled"
    assert till.read(first).phase == "failed"
    assert till.read(first).stripe_status == "canceled"


def test_nothing_to_pay_succeeds_without_stripe(till: Till) -> None:
    transaction = till.read(till.pay(amount=0))
    assert (transaction.phase, transaction.amount) == ("complete", 0)
    assert transaction.stripe_data == {"type": "zero_amount"}
    assert till.intents() == []


def test_a_bank_check_waits_for_the_buyer(till: Till) -> None:
    transaction = till.read(till.pay("pm_card_authenticationRequired"))
    assert (transaction.state, transaction.phase) == ("pending", "requires_action")
    assert transaction.client_secret.startswith(transaction.stripe_payment_id)
    assert "client_secret" not in str(transaction.stripe_data)


def test_the_timeline_names_each_call_with_its_request_id(till: Till) -> None:
    transaction = till.pay()
    assert till.happened(transaction)[:5] == [
        "payment.created",
        "payment.processing",
        "stripe.create",
        "stripe.confirm",
        "payment.completed",
    ]


def test_stripe_is_told_whose_payment_it_is(till: Till) -> None:
    transaction = till.pay()
    assert [intent["metadata"] for intent in till.intents()] == [{"transaction_id": transaction}]


def test_a_charge_run_twice_charges_once(till: Till) -> None:
    transaction = till.pay()
    before = till.read(transaction).version
    from payments_app.core.jobs.outbox import Claim
    from payments_app.core.jobs.runner import perform

    perform(Claim(0, "charges", "charge", transaction, 0, 0, 0))
    assert till.read(transaction).version == before
    assert len(till.intents()) == 1


def test_an_unusable_request_fails_and_is_not_retried(till: Till) -> None:
    transaction = till.read(till.pay("pm_nothing_of_ours"))
    assert transaction.phase == "failed"
    assert transaction.error_type == "invalid_request_error"
    assert [m.tries for m in till.messages("charge")] == [0]
