"""What people wrote at Stripe holds a card's number: no table of ours keeps it. Ids and the
networks' numbers, which may look like one, stay as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, text

from payments_app.core.extensions import db
from payments_app.gateway.written import without_numbers
from payments_app.payments.disputes.refresh import refresh
from payments_app.payments.models import Transaction
from payments_app.payments.unmatched import UnmatchedObject
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import ask, refunds
from tests.refunds.test_disputes import their_dispute

NUMBER = "4242424242424242"
CUT = "[card number cut, ends in 4242]"
DECLINE = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "generic_decline",
    "message": f"Card {NUMBER} was declined",
    "doc_url": f"https://example.com/{NUMBER}",
    "param": NUMBER,
}


def kept_in() -> set[str]:
    """The tables that hold the number, whatever stands between its digits."""
    db.session.rollback()
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    found = set()
    for table in db.session.scalars(text(tables)).all():
        for row in db.session.scalars(text(f'SELECT row_to_json(t)::text FROM "{table}" t')):
            if NUMBER in "".join(filter(str.isalnum, row)):
                found.add(table)
    return found


def test_of_a_payment_made_there(post: WebhookSender) -> None:
    written = {"metadata[note]": "4242 4242 4242 4242", f"metadata[{NUMBER}]": "x"}
    made = post.pay_elsewhere(
        description=f"card {NUMBER}", receipt_email=f"{NUMBER}@example.com", **written
    )
    post.send(post.told("payment_intent.succeeded", made["id"]))
    post.driver.work()
    (row,) = db.session.scalars(select(Transaction).where(own(Transaction)))
    assert (row.state, row.description, row.email) == ("complete", f"card {CUT}", "")
    assert row.stripe_data["metadata"]["note"] == CUT
    assert kept_in() == set()


def test_of_a_refund_made_there(post: WebhookSender) -> None:
    paid = post.driver.pay()
    intent = post.driver.read(paid).stripe_payment_id or ""
    why = {"metadata[why]": f"card {NUMBER}"}
    post.stripe("refunds", payment_intent=intent, amount="100", **why)
    post.send(post.told("refund.created"))
    post.driver.work()
    (refund,) = refunds(paid)
    assert refund.stripe_data["metadata"] == {"why": f"card {CUT}"}
    assert kept_in() == set()


def test_of_a_decline(driver: PaymentDriver) -> None:
    driver.fail_stripe("say", "/confirm$", set={"error": DECLINE})
    row = driver.read(driver.pay("pm_card_visa_chargeDeclined"))
    assert (row.state, row.error_code) == ("failed", "card_declined")
    assert row.error_message == f"Card {CUT} was declined"
    assert kept_in() == set()


def test_of_a_refusal(driver: PaymentDriver) -> None:
    paid = driver.pay()
    refusal = {"type": "invalid_request_error", "code": "x", "message": NUMBER, "param": NUMBER}
    driver.fail_stripe("refuse", "/v1/refunds$", set=refusal)
    ask(paid, 50)
    driver.work()
    (refund,) = refunds(paid)
    assert (refund.state, refund.error_message) == ("failed", CUT)
    assert kept_in() == set()


def test_of_the_evidence_of_a_dispute_whose_payment_is_not_known(post: WebhookSender) -> None:
    post.pay_elsewhere("pm_card_createDispute")
    driver = post.driver
    theirs = their_dispute(driver)
    said = {"uncategorized_text": "4242 4242 4242 4242", "customer_name": "Ada"}
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", evidence=said)
    refresh(theirs, claim(theirs))
    row = db.session.scalars(select(UnmatchedObject)).one()
    assert (row.stripe_data["id"], row.stripe_data["status"]) == (theirs, "needs_response")
    assert "evidence" not in row.stripe_data
    assert kept_in() == set()


LOOK_LIKE_IT = {
    "id": f"pi_{NUMBER}",
    "customer": f"cus_{NUMBER}",
    "network_transaction_id": NUMBER,
    "destination_details": {"card": {"reference": "4242424242424242424", "type": "refund"}},
    "acquirer_reference_number": "42424242424242424242424",
    "trace_id": {"status": "supported", "value": NUMBER},
    "amount": int(NUMBER),
    "metadata": {
        "transaction_id": "txn_4242424242424242abcdefghjk",
        "client_key": f"checkout-{NUMBER}{'a' * 48}",
        "installation": f"{NUMBER}{'f' * 16}",
        "retry": "retry-txn_4242424242424242abcdefghjk-1",
    },
}


def test_ids_hashes_and_the_networks_numbers_stay() -> None:
    assert without_numbers(LOOK_LIKE_IT) == LOOK_LIKE_IT


@pytest.mark.parametrize(
    "said",
    [
        {"charges": [{"billing_details": {"name": NUMBER, "address": {"line1": NUMBER}}}]},
        {"shipping": {"name": NUMBER, "phone": NUMBER, "tracking_number": "1"}},
        {"shipping": {"carrier": NUMBER, "tracking_number": NUMBER}, "transfer_group": NUMBER},
        {"payment_details": {"customer_reference": NUMBER, "order_reference": NUMBER}},
        {"level3": {"merchant_reference": NUMBER, "line_items": [{"product_code": NUMBER}]}},
        {"instructions_email": f"{NUMBER}@example.com", "contact_email": f"{NUMBER}@example.com"},
        {"display_name": NUMBER, "business_profile": {"support_url": NUMBER}},
        {"individual": {"first_name": NUMBER, "last_name": NUMBER, "given_name": NUMBER}},
        {"identity": {"business_details": {"registered_name": NUMBER, "surname": NUMBER}}},
        {"outcome": {"seller_message": f"no {NUMBER}"}, "failure_message": NUMBER},
        {"calculated_statement_descriptor": "SHOP 4242-4242-4242-4242"},
        {"metadata": {"note": [NUMBER, {NUMBER: "4242.4242.4242.4242"}]}},
        {"receipt_email": f"{NUMBER}@example.com", "email": f"{NUMBER}@example.com"},
        {"last_payment_error": {"message": NUMBER, "doc_url": f"https://x/{NUMBER}"}},
        {"business_profile": {"product_description": NUMBER, "support_phone": NUMBER}},
        {"evidence": {"uncategorized_text": NUMBER, "billing_address": f"1 Way, {NUMBER}"}},
        {"evidence": {"refund_refusal_explanation": NUMBER, "access_activity_log": NUMBER}},
        {"account_holder_name": NUMBER, "tax_id": NUMBER, "address": {"town": NUMBER}},
    ],
)
def test_nothing_that_people_write_holds_one(said: dict[str, Any]) -> None:
    cut = json.dumps(without_numbers(said))
    assert NUMBER not in "".join(filter(str.isalnum, cut))
