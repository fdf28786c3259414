"""Refunds, disputes, and what they do to the balance."""

from typing import Any

import pytest
import stripe

from parts.process import wait_until
from tests.sandbox.shop import MINUTE, confirmed, first_of


def pay(v1: Any, method: str = "pm_card_visa") -> Any:
    return v1.payment_intents.create(confirmed(method, expand=["latest_charge"]))


def dispute_of(v1: Any, intent: Any) -> Any:
    return first_of(v1.disputes, intent)


def types_of(v1: Any) -> list[str]:
    return [event.type for event in v1.events.list({"limit": 100}).data]


@pytest.mark.contract
def test_a_refund_without_an_amount_is_whole(v1: Any) -> None:
    intent = pay(v1)
    refund = v1.refunds.create({"payment_intent": intent.id, "reason": "duplicate"})
    charge = v1.charges.retrieve(intent.latest_charge.id)
    assert (refund.status, refund.amount, charge.amount_refunded) == ("succeeded", 1099, 1099)
    assert charge.refunded


def test_a_refund_is_told(v1: Any) -> None:
    v1.refunds.create({"payment_intent": pay(v1).id})
    assert {"refund.created", "charge.refunded"} <= set(types_of(v1))


@pytest.mark.contract
def test_parts_are_refunded_until_nothing_is_left(v1: Any) -> None:
    intent = pay(v1)
    for amount in (99, 1000):
        v1.refunds.create({"charge": intent.latest_charge.id, "amount": amount})
    listed = v1.refunds.list({"payment_intent": intent.id}).data
    assert [refund.amount for refund in listed] == [1000, 99]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id})
    assert (caught.value.http_status, caught.value.code) == (400, "charge_already_refunded")


@pytest.mark.contract
def test_more_than_is_left_names_the_amount_and_no_code(v1: Any) -> None:
    intent = pay(v1)
    v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    assert (caught.value.param, caught.value.code) == ("amount", None)


@pytest.mark.contract
@pytest.mark.wrong_parameters
@pytest.mark.parametrize(
    "fields",
    [{"reason": "because"}, {"amount": 0}, {"colour": "red"}],
)
def test_a_wrong_parameter_is_refused(v1: Any, fields: dict[str, Any]) -> None:
    intent = pay(v1)
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.create({"payment_intent": intent.id, **fields})
    assert v1.refunds.list({"payment_intent": intent.id}).data == []


@pytest.mark.contract
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


@pytest.mark.contract
def test_a_pending_refund_succeeds_by_itself(v1: Any) -> None:
    refund = v1.refunds.create({"payment_intent": pay(v1, "pm_card_pendingRefund").id})
    assert wait_until(lambda: v1.refunds.retrieve(refund.id).status == "succeeded", MINUTE)


def test_a_refund_can_fail_after_it_succeeded(v1: Any, control: Any) -> None:
    intent = pay(v1, "pm_card_refundFail")
    refund = v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    control("POST", f"refunds/{refund.id}/move", {})
    failed = v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "unknown")
    assert v1.charges.retrieve(intent.latest_charge.id).amount_refunded == 0
    assert "refund.failed" in types_of(v1)


@pytest.mark.contract
def test_a_pending_refund_can_be_cancelled(v1: Any) -> None:
    intent = pay(v1, "pm_card_pendingRefund")
    refund = v1.refunds.create({"payment_intent": intent.id})
    assert v1.refunds.cancel(refund.id).status == "canceled"
    assert not v1.charges.retrieve(intent.latest_charge.id).refunded


@pytest.mark.contract
def test_a_charge_has_a_balance_transaction_with_its_fee(v1: Any) -> None:
    charge = pay(v1).latest_charge
    assert wait_until(lambda: v1.charges.retrieve(charge.id).balance_transaction, MINUTE)
    moved = v1.charges.retrieve(charge.id).balance_transaction
    movement = v1.balance_transactions.retrieve(moved)
    assert (movement.amount, movement.fee, movement.net, movement.type) == (
        1099,
        62,
        1037,
        "charge",
    )


@pytest.mark.contract
def test_a_refund_takes_from_the_balance(v1: Any) -> None:
    refund = v1.refunds.create({"payment_intent": pay(v1).id, "amount": 500})
    found = v1.balance_transactions.list({"source": refund.id}).data
    assert [(each.amount, each.type) for each in found] == [(-500, "refund")]


@pytest.mark.contract
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
    dispute = dispute_of(v1, intent)
    assert (dispute.status, dispute.reason, dispute.amount) == (status, reason, 1099)
    assert v1.charges.retrieve(intent.latest_charge.id).disputed


@pytest.mark.parametrize(
    ("method", "withdrawn"),
    [("pm_card_createDispute", True), ("pm_card_createDisputeInquiry", False)],
)
def test_only_a_dispute_takes_the_money_back(v1: Any, method: str, withdrawn: bool) -> None:
    pay(v1, method)
    assert ("charge.dispute.funds_withdrawn" in types_of(v1)) == withdrawn


@pytest.mark.contract
@pytest.mark.parametrize(
    ("evidence", "status"),
    [("winning_evidence", "won"), ("losing_evidence", "lost"), ("a letter", "under_review")],
)
def test_the_evidence_decides_a_dispute(v1: Any, evidence: str, status: str) -> None:
    dispute = dispute_of(v1, pay(v1, "pm_card_createDispute"))
    given = {"evidence": {"uncategorized_text": evidence}, "submit": True}
    v1.disputes.update(dispute.id, given)
    assert wait_until(lambda: v1.disputes.retrieve(dispute.id).status == status, MINUTE)


@pytest.mark.parametrize(
    ("evidence", "status"),
    [("winning_evidence", "won"), ("losing_evidence", "lost"), ("a letter", "under_review")],
)
def test_the_end_of_a_dispute_is_told(v1: Any, evidence: str, status: str) -> None:
    dispute = dispute_of(v1, pay(v1, "pm_card_createDispute"))
    given = {"evidence": {"uncategorized_text": evidence}, "submit": True}
    v1.disputes.update(dispute.id, given)
    told = set(types_of(v1))
    assert ("charge.dispute.closed" in told) == (status != "under_review")
    assert ("charge.dispute.funds_reinstated" in told) == (status == "won")


@pytest.mark.contract
def test_staged_evidence_is_not_submitted(v1: Any) -> None:
    dispute = dispute_of(v1, pay(v1, "pm_card_createDispute"))
    given = {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": False}
    assert v1.disputes.update(dispute.id, given).status == "needs_response"


@pytest.mark.contract
def test_a_note_on_a_dispute_submits_nothing(v1: Any) -> None:
    dispute = dispute_of(v1, pay(v1, "pm_card_createDispute"))
    assert v1.disputes.update(dispute.id, {"metadata": {"a": "1"}}).status == "needs_response"


@pytest.mark.contract
def test_a_dispute_can_be_given_up(v1: Any) -> None:
    dispute = dispute_of(v1, pay(v1, "pm_card_createDispute"))
    assert v1.disputes.close(dispute.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "late"}})


@pytest.mark.contract
def test_a_disputed_charge_is_not_refunded(v1: Any) -> None:
    intent = pay(v1, "pm_card_createDispute")
    dispute_of(v1, intent)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_disputed"


@pytest.mark.contract
def test_an_inquiry_can_be_refunded(v1: Any) -> None:
    intent = pay(v1, "pm_card_createDisputeInquiry")
    dispute_of(v1, intent)
    assert v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


@pytest.mark.contract
def test_a_suspicious_card_gets_a_fraud_warning(v1: Any) -> None:
    intent = pay(v1, "pm_card_createIssuerFraudRecord")
    warning = first_of(v1.radar.early_fraud_warnings, intent)
    assert warning.charge == intent.latest_charge.id


def test_a_fraud_warning_is_told(v1: Any) -> None:
    pay(v1, "pm_card_createIssuerFraudRecord")
    assert "radar.early_fraud_warning.created" in types_of(v1)
