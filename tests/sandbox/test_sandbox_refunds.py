"""Refunds, disputes, and what they do to the balance."""

from typing import Any

import pytest
import stripe

from parts.process import wait_until
from tests.sandbox.shop import WITHIN, confirmed


def pay(v1: Any, method: str = "pm_card_visa") -> Any:
    return v1.payment_intents.create(confirmed(method, expand=["latest_charge"]))


def types_of(v1: Any) -> list[str]:
    return [event.type for event in v1.events.list({"limit": 100}).data]


def test_a_refund_without_an_amount_is_whole(v1: Any) -> None:
    intent = pay(v1)
    refund = v1.refunds.create({"payment_intent": intent.id, "reason": "duplicate"})
    charge = v1.charges.retrieve(intent.latest_charge.id)
    assert (refund.status, refund.amount, charge.amount_refunded) == ("succeeded", 1099, 1099)
    assert charge.refunded
    assert {"refund.created", "charge.refunded"} <= set(types_of(v1))


def test_parts_are_refunded_until_nothing_is_left(v1: Any) -> None:
    intent = pay(v1)
    for amount in (99, 1000):
        v1.refunds.create({"charge": intent.latest_charge.id, "amount": amount})
    listed = v1.refunds.list({"payment_intent": intent.id}).data
    assert [refund.amount for refund in listed] == [1000, 99]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id})
    assert (caught.value.http_status, caught.value.code) == (400, "charge_already_refunded")


def test_more_than_is_left_names_the_amount_and_no_code(v1: Any) -> None:
    intent = pay(v1)
    v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    assert (caught.value.param, caught.value.code) == ("amount", None)


@pytest.mark.wrong_parameters
@pytest.mark.parametrize(
    "fields",
    [{"reason": "because"}, {"amount": 0}, {"colour": "red"}],
)
def test_a_wrong_parameter_is_refused(v1: Any, fields: dict[str, Any]) -> None:
    intent = pay(v1)
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.create({"payment_intent": intent.id, **fields})
    assert v1.refunds.list().data == []


def test_a_declined_intent_has_nothing_to_refund(v1: Any) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay(v1, "pm_card_chargeDeclined")
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        v1.refunds.create({"payment_intent": declined.value.error.payment_intent.id})


def test_a_pending_refund_succeeds_when_moved(v1: Any, control: Any) -> None:
    refund = v1.refunds.create({"payment_intent": pay(v1, "pm_card_pendingRefund").id})
    assert refund.status == "pending"
    control("POST", f"refunds/{refund.id}/move", {})
    assert v1.refunds.retrieve(refund.id).status == "succeeded"
    assert "refund.updated" in types_of(v1)


def test_a_pending_refund_succeeds_by_itself(v1: Any) -> None:
    refund = v1.refunds.create({"payment_intent": pay(v1, "pm_card_pendingRefund").id})
    assert wait_until(lambda: v1.refunds.retrieve(refund.id).status == "succeeded", WITHIN)


def test_a_refund_can_fail_after_it_succeeded(v1: Any, control: Any) -> None:
    intent = pay(v1, "pm_card_refundFail")
    refund = v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    control("POST", f"refunds/{refund.id}/move", {})
    failed = v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "unknown")
    assert v1.charges.retrieve(intent.latest_charge.id).amount_refunded == 0
    assert "refund.failed" in types_of(v1)


def test_a_pending_refund_can_be_cancelled(v1: Any) -> None:
    intent = pay(v1, "pm_card_pendingRefund")
    refund = v1.refunds.create({"payment_intent": intent.id})
    assert v1.refunds.cancel(refund.id).status == "canceled"
    assert not v1.charges.retrieve(intent.latest_charge.id).refunded


def test_a_charge_has_a_balance_transaction_with_its_fee(v1: Any) -> None:
    charge = pay(v1).latest_charge
    movement = v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (movement.amount, movement.fee, movement.net, movement.type) == (
        1099,
        62,
        1037,
        "charge",
    )


def test_a_refund_takes_from_the_balance(v1: Any) -> None:
    refund = v1.refunds.create({"payment_intent": pay(v1).id, "amount": 500})
    found = v1.balance_transactions.list({"source": refund.id}).data
    assert [(each.amount, each.type) for each in found] == [(-500, "refund")]


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("pm_card_createDispute", "needs_response", "fraudulent"),
        ("pm_card_createDisputeProductNotReceived", "needs_response", "product_not_received"),
        ("pm_card_createDisputeInquiry", "warning_needs_response", "fraudulent"),
    ],
)
def test_a_card_opens_a_dispute(v1: Any, method: str, status: str, reason: str) -> None:
    intent = pay(v1, method)
    dispute = v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.reason, dispute.amount) == (status, reason, 1099)
    assert v1.charges.retrieve(intent.latest_charge.id).disputed
    withdrawn = "charge.dispute.funds_withdrawn" in types_of(v1)
    assert withdrawn == (status == "needs_response")


@pytest.mark.parametrize(
    ("evidence", "status"),
    [("winning_evidence", "won"), ("losing_evidence", "lost"), ("a letter", "under_review")],
)
def test_the_evidence_decides_a_dispute(v1: Any, evidence: str, status: str) -> None:
    pay(v1, "pm_card_createDispute")
    dispute = v1.disputes.list().data[0]
    given = {"evidence": {"uncategorized_text": evidence}, "submit": True}
    assert v1.disputes.update(dispute.id, given).status == status
    told = set(types_of(v1))
    assert ("charge.dispute.closed" in told) == (status != "under_review")
    assert ("charge.dispute.funds_reinstated" in told) == (status == "won")


def test_staged_evidence_is_not_submitted(v1: Any) -> None:
    pay(v1, "pm_card_createDispute")
    dispute = v1.disputes.list().data[0]
    given = {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": False}
    assert v1.disputes.update(dispute.id, given).status == "needs_response"


def test_a_note_on_a_dispute_submits_nothing(v1: Any) -> None:
    pay(v1, "pm_card_createDispute")
    dispute = v1.disputes.list().data[0]
    assert v1.disputes.update(dispute.id, {"metadata": {"a": "1"}}).status == "needs_response"


def test_a_dispute_can_be_given_up(v1: Any) -> None:
    pay(v1, "pm_card_createDispute")
    dispute = v1.disputes.list().data[0]
    assert v1.disputes.close(dispute.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "late"}})


def test_a_disputed_charge_is_not_refunded(v1: Any) -> None:
    intent = pay(v1, "pm_card_createDispute")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_disputed"


def test_an_inquiry_can_be_refunded(v1: Any) -> None:
    intent = pay(v1, "pm_card_createDisputeInquiry")
    assert v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


def test_a_suspicious_card_gets_a_fraud_warning(v1: Any) -> None:
    intent = pay(v1, "pm_card_createIssuerFraudRecord")
    warning = v1.radar.early_fraud_warnings.list({"payment_intent": intent.id}).data[0]
    assert warning.charge == intent.latest_charge.id
    assert "radar.early_fraud_warning.created" in types_of(v1)
