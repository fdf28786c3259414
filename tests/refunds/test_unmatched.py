"""Refunds and disputes that name no payment intent, or one that nobody here knows."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Later
from payments_app.ledger.models import Entry
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh as refresh_dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.refresh import refresh as refresh_refund
from payments_app.payments.unmatched import UnmatchedObject, match
from tests.accounts.staff_driver import Desk
from tests.inbound.webhook_sender import PostOffice, create_event
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import account_id, create_ready_merchant, sell
from tests.payments.driver import Till
from tests.refunds.refund_steps import refund_outside, refunds

pytestmark = pytest.mark.portable


@pytest.fixture
def free(till: Till) -> str:
    """Somebody's order of nothing: complete, and without an intent at Stripe."""
    transaction = till.pay(order=till.create_order(0))
    assert till.read(transaction).stripe_payment_id is None
    return transaction


def change(till: Till, kind: str, stripe_id: str, **fields: Any) -> None:
    till.sandbox("POST", f"/_sandbox/{kind}s/{stripe_id}", **fields)


def dispute_without_intent(till: Till, **more: Any) -> dict[str, Any]:
    """The newest dispute at Stripe, which names its charge alone."""
    body: dict[str, Any] = till.sandbox("GET", "/v1/disputes")["data"][0]
    change(till, "dispute", body["id"], payment_intent=None, **more)
    return body | {"payment_intent": None} | more


def disputes() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(Dispute).execution_options(populate_existing=True))
    return [(row.transaction_id, row.stripe_dispute_id) for row in rows]


def entries(transaction: str) -> list[str]:
    db.session.rollback()
    query = select(Entry.entry_type).where(Entry.transaction_id == transaction)
    return list(db.session.scalars(query))


def alert(kind: str) -> Alert:
    db.session.rollback()
    return db.session.scalars(select(Alert).where(Alert.kind == kind)).one()


def test_a_dispute_without_an_intent_is_found_by_its_charge(till: Till, free: str) -> None:
    transaction = till.pay("pm_card_createDispute")
    theirs = dispute_without_intent(till)["id"]
    refresh_dispute(theirs, claim(theirs))
    till.work()
    assert disputes() == [(transaction, theirs)]
    assert entries(free) == []


@pytest.mark.parametrize("charge", ["ch_of_nobody", None])
def test_a_dispute_that_names_no_payment_of_ours_finds_no_stranger(
    till: Till, free: str, charge: str | None
) -> None:
    till.pay("pm_card_createDispute")
    theirs = dispute_without_intent(till, charge=charge)["id"]
    refresh_dispute(theirs, claim(theirs))
    till.work()
    assert disputes() == []
    assert entries(free) == []


def test_a_refund_without_an_intent_is_found_by_its_charge(till: Till, free: str) -> None:
    transaction = till.pay()
    theirs = refund_outside(till, transaction, 400)
    change(till, "refund", theirs, payment_intent=None)
    refresh_refund(theirs, claim(theirs))
    assert [r.stripe_refund_id for r in refunds(transaction)] == [theirs]
    assert refunds(free) == []


def test_a_charge_of_ours_brings_its_refunds(till: Till) -> None:
    transaction = till.pay()
    theirs = refund_outside(till, transaction, 400)
    charge = till.read(transaction).stripe_data["latest_charge"]["id"]
    refresh_refund(charge, claim(charge))
    assert [r.stripe_refund_id for r in refunds(transaction)] == [theirs]


def test_an_event_of_a_dispute_without_an_intent_is_on_its_payments_timeline(till: Till) -> None:
    transaction = till.pay("pm_card_createDispute")
    body = dispute_without_intent(till)
    post = PostOffice(till)
    post.send(create_event("charge.dispute.created", **body))
    till.work()
    assert disputes() == [(transaction, body["id"])]
    assert "webhook.charge.dispute.created" in till.happened(transaction)


def test_what_is_set_aside_is_kept_whole_with_an_alert(till: Till) -> None:
    till.pay("pm_card_createDispute")
    body = dispute_without_intent(till, charge="ch_of_nobody")
    refresh_dispute(body["id"], claim(body["id"]))
    kept = unmatched()
    assert (kept.stripe_id, kept.kind, kept.charge) == (body["id"], "dispute", "ch_of_nobody")
    assert kept.stripe_data == body
    told = alert("unmatched")
    assert told.severity == "critical"
    assert "It was set aside, and nothing was posted. Deal with it in" in told.message


def test_staff_see_what_is_set_aside(till: Till) -> None:
    till.pay("pm_card_createDispute")
    body = dispute_without_intent(till, charge="ch_of_nobody", status="<b>new</b>")
    viewer = Desk(till.app).signed_in("viewer")
    assert "Set aside" not in viewer.get("/staff/disputes").text
    with pytest.raises(Later):
        refresh_dispute(body["id"], claim(body["id"]))
    page = viewer.get("/staff/disputes").text
    assert "Stripe says: &lt;b&gt;new&lt;/b&gt;" in page
    assert body["id"] in page
    assert "no intent" in page


def test_what_is_set_aside_twice_is_kept_once_as_it_is_now(till: Till) -> None:
    till.pay("pm_card_createDispute")
    theirs = dispute_without_intent(till, charge="ch_of_nobody")["id"]
    refresh_dispute(theirs, claim(theirs))
    change(till, "dispute", theirs, status="under_review")
    refresh_dispute(theirs, claim(theirs))
    assert unmatched().stripe_data["status"] == "under_review"
    assert alert("unmatched").times == 2


@pytest.mark.parametrize("named_by", ["intent", "charge"])
def test_a_dispute_is_taken_up_when_its_payment_becomes_known(till: Till, named_by: str) -> None:
    post = PostOffice(till)
    intent = post.pay_elsewhere("pm_card_createDispute")["id"]
    body = till.sandbox("GET", "/v1/disputes")["data"][0]
    if named_by == "charge":
        body = dispute_without_intent(till)
    refresh_dispute(body["id"], claim(body["id"]))
    assert (match(), disputes()) == (0, [])
    post.send(create_event(id=intent))
    assert match() == 1
    till.work()
    ((transaction, theirs),) = disputes()
    assert (till.read(transaction).stripe_payment_id, theirs) == (intent, body["id"])
    assert "dispute" in entries(transaction)
    assert unmatched().matched_at is not None
    assert alert("unmatched").acknowledged_by == "system"
    assert match() == 0


def test_a_refund_of_a_payment_that_is_not_known_yet_is_taken_up_later(till: Till) -> None:
    post = PostOffice(till)
    intent = post.pay_elsewhere()["id"]
    theirs = post.stripe("refunds", payment_intent=intent, amount="400")["id"]
    post.send(create_event("refund.created", id=theirs, object="refund", payment_intent=intent))
    assert (unmatched().kind, alert("unmatched").severity) == ("refund", "warning")
    post.send(create_event(id=intent))
    assert match() == 1
    till.work()
    transaction = db.session.scalars(
        select(Transaction.id).where(Transaction.stripe_payment_id == intent)
    ).one()
    assert [(r.stripe_refund_id, r.state) for r in refunds(transaction)] == [(theirs, "succeeded")]


def test_a_dispute_on_a_merchants_own_account_is_read_there(till: Till) -> None:
    merchant = create_ready_merchant(till, "direct")
    transaction = sell(till, merchant, "pm_card_createDispute")
    event = told(till, account_id(merchant), "charge.dispute.created")
    theirs = event["data"]["object"]["id"]
    event["data"]["object"]["payment_intent"] = None
    change(till, "dispute", theirs, payment_intent=None)
    PostOffice(till).send(event)
    till.work()
    assert disputes() == [(transaction, theirs)]


def told(till: Till, account: str, type: str) -> dict[str, Any]:
    """The newest event of this type on a connected account."""
    answer = requests.get(
        f"{till.config.stripe_api_base}/v1/events",
        params={"type": type},
        auth=(till.config.stripe_secret_key, ""),
        headers={"Stripe-Account": account},
        timeout=10,
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()["data"][0]
    return found


def unmatched() -> UnmatchedObject:
    db.session.rollback()
    query = select(UnmatchedObject).execution_options(populate_existing=True)
    return db.session.scalars(query).one()
