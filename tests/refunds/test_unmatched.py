"""Refunds and disputes that name no payment intent, or one that nobody here knows."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.ledger.models import Entry
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh as refresh_dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.refresh import refresh as refresh_refund
from payments_app.payments.unmatched import UnmatchedObject, match, store_unmatched
from tests.accounts.staff_driver import StaffDriver
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import account_id, api, create_ready_merchant, sell
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import refund_outside, refunds

pytestmark = pytest.mark.portable


@pytest.fixture
def free(driver: PaymentDriver) -> str:
    """Somebody's order of nothing: complete, and without an intent at Stripe."""
    transaction = driver.pay(order=driver.create_order(0))
    assert driver.read(transaction).stripe_payment_id is None
    return transaction


def change(driver: PaymentDriver, kind: str, stripe_id: str, **fields: Any) -> None:
    driver.sandbox("POST", f"/_sandbox/{kind}s/{stripe_id}", **fields)


def dispute_without_intent(driver: PaymentDriver, **more: Any) -> dict[str, Any]:
    """The newest dispute at Stripe, which names its charge alone."""
    body: dict[str, Any] = driver.sandbox("GET", "/v1/disputes")["data"][0]
    change(driver, "dispute", body["id"], payment_intent=None, **more)
    return body | {"payment_intent": None} | more


def disputes() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.scalars(
        select(Dispute).where(own(Dispute)).execution_options(populate_existing=True)
    )
    return [(row.transaction_id, row.stripe_dispute_id) for row in rows]


def entries(transaction: str) -> list[str]:
    db.session.rollback()
    query = select(Entry.entry_type).where(Entry.transaction_id == transaction)
    return list(db.session.scalars(query))


def alert(kind: str) -> Alert:
    db.session.rollback()
    return db.session.scalars(select(Alert).where(Alert.kind == kind)).one()


def test_a_dispute_without_an_intent_is_found_by_its_charge(
    driver: PaymentDriver, free: str
) -> None:
    transaction = driver.pay("pm_card_createDispute")
    theirs = dispute_without_intent(driver)["id"]
    refresh_dispute(theirs, claim(theirs))
    driver.work()
    assert disputes() == [(transaction, theirs)]
    assert entries(free) == []


@pytest.mark.parametrize("charge", ["ch_of_nobody", None])
def test_a_dispute_that_names_no_payment_of_ours_finds_no_stranger(
    driver: PaymentDriver, free: str, charge: str | None
) -> None:
    driver.pay("pm_card_createDispute")
    theirs = dispute_without_intent(driver, charge=charge)["id"]
    refresh_dispute(theirs, claim(theirs))
    driver.work()
    assert disputes() == []
    assert entries(free) == []


def test_a_refund_without_an_intent_is_found_by_its_charge(
    driver: PaymentDriver, free: str
) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    change(driver, "refund", theirs, payment_intent=None)
    refresh_refund(theirs, claim(theirs))
    assert [r.stripe_refund_id for r in refunds(transaction)] == [theirs]
    assert refunds(free) == []


def test_a_charge_of_ours_brings_its_refunds(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    charge = driver.read(transaction).stripe_data["latest_charge"]["id"]
    refresh_refund(charge, claim(charge))
    assert [r.stripe_refund_id for r in refunds(transaction)] == [theirs]


def test_an_event_of_a_dispute_without_an_intent_is_on_its_payments_timeline(
    driver: PaymentDriver,
) -> None:
    transaction = driver.pay("pm_card_createDispute")
    body = dispute_without_intent(driver)
    post = WebhookSender(driver)
    post.send(create_event("charge.dispute.created", **body))
    driver.work()
    assert disputes() == [(transaction, body["id"])]
    assert "webhook.charge.dispute.created" in driver.happened(transaction)


def test_what_is_set_aside_is_kept_with_an_alert_but_for_its_evidence(
    driver: PaymentDriver,
) -> None:
    driver.pay("pm_card_createDispute")
    body = dispute_without_intent(driver, charge="ch_of_nobody")
    refresh_dispute(body["id"], claim(body["id"]))
    kept = unmatched()
    assert (kept.stripe_id, kept.kind, kept.charge) == (body["id"], "dispute", "ch_of_nobody")
    assert kept.stripe_data == {name: body[name] for name in body.keys() - {"evidence"}}
    told = alert("unmatched")
    assert told.severity == "critical"
    assert "It was set aside, and nothing was posted. Deal with it in" in told.message


def test_staff_see_what_is_set_aside(driver: PaymentDriver) -> None:
    driver.pay("pm_card_createDispute")
    body = dispute_without_intent(driver, charge="ch_of_nobody", status="<b>new</b>")
    viewer = StaffDriver(driver.app).signed_in("viewer")
    assert "Unmatched" not in viewer.get("/staff/disputes").text
    with pytest.raises(Later):
        refresh_dispute(body["id"], claim(body["id"]))
    page = viewer.get("/staff/disputes").text
    assert "Stripe says: &lt;b&gt;new&lt;/b&gt;" in page
    assert body["id"] in page
    assert "no intent" in page


def test_what_is_set_aside_twice_is_kept_once_as_it_is_now(driver: PaymentDriver) -> None:
    driver.pay("pm_card_createDispute")
    theirs = dispute_without_intent(driver, charge="ch_of_nobody")["id"]
    refresh_dispute(theirs, claim(theirs))
    change(driver, "dispute", theirs, status="under_review")
    refresh_dispute(theirs, claim(theirs))
    assert unmatched().stripe_data["status"] == "under_review"
    assert alert("unmatched").times == 2


@pytest.mark.parametrize("named_by", ["intent", "charge"])
def test_a_dispute_is_taken_up_when_its_payment_becomes_known(
    driver: PaymentDriver, named_by: str
) -> None:
    post = WebhookSender(driver)
    intent = post.pay_elsewhere("pm_card_createDispute")["id"]
    body = driver.sandbox("GET", "/v1/disputes")["data"][0]
    if named_by == "charge":
        body = dispute_without_intent(driver)
    refresh_dispute(body["id"], claim(body["id"]))
    assert (match(), disputes()) == (0, [])
    post.send(create_event(id=intent))
    assert match() == 1
    driver.work()
    ((transaction, theirs),) = disputes()
    assert (driver.read(transaction).stripe_payment_id, theirs) == (intent, body["id"])
    assert "dispute" in entries(transaction)
    assert unmatched().matched_at is not None
    assert alert("unmatched").acknowledged_by == "system"
    assert match() == 0


def test_a_refund_of_a_payment_that_is_not_known_yet_is_taken_up_later(
    driver: PaymentDriver,
) -> None:
    post = WebhookSender(driver)
    intent = post.pay_elsewhere()["id"]
    theirs = post.stripe("refunds", payment_intent=intent, amount="400")["id"]
    post.send(create_event("refund.created", id=theirs, object="refund", payment_intent=intent))
    assert (unmatched().kind, alert("unmatched").severity) == ("refund", "warning")
    post.send(create_event(id=intent))
    assert match() == 1
    driver.work()
    transaction = db.session.scalars(
        select(Transaction.id).where(Transaction.stripe_payment_id == intent)
    ).one()
    assert [(r.stripe_refund_id, r.state) for r in refunds(transaction)] == [(theirs, "succeeded")]


def test_a_dispute_on_a_merchants_own_account_is_read_there(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver, "direct")
    transaction = sell(driver, merchant, "pm_card_createDispute")
    event = told(driver, account_id(merchant), "charge.dispute.created")
    theirs = event["data"]["object"]["id"]
    event["data"]["object"]["payment_intent"] = None
    change(driver, "dispute", theirs, payment_intent=None)
    WebhookSender(driver).send(event)
    driver.work()
    assert disputes() == [(transaction, theirs)]


@pytest.mark.parametrize("application", [None, "ca_AnotherPlatform"])
@pytest.mark.parametrize("named_by", ["intent", "charge"])
@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_what_follows_of_a_merchant_s_own_sale_is_set_aside_for_nobody(
    driver: PaymentDriver, application: str | None, named_by: str, kind: str
) -> None:
    merchant = create_ready_merchant(driver, "direct")
    sell(driver, merchant)
    account = account_id(merchant)
    sale = {"amount": 2500, "currency": "usd", "confirm": "true"}
    sale["allowed_payment_method_types[]"] = "card"
    card = "pm_card_createDispute" if kind == "dispute" else "pm_card_visa"
    intent = api(driver, "POST", "payment_intents", account, **sale, payment_method=card)
    change(driver, "payment_intent", intent["id"], application=application)
    change(driver, "charge", intent["latest_charge"], application=application)
    if kind == "refund":
        api(driver, "POST", "refunds", account, payment_intent=intent["id"])
    event = told(
        driver, account, "refund.created" if kind == "refund" else "charge.dispute.created"
    )
    if named_by == "charge":
        event["data"]["object"]["payment_intent"] = None
        change(driver, kind, event["data"]["object"]["id"], payment_intent=None)
    post = WebhookSender(driver)
    post.send(event)
    driver.work()
    assert post.state(event) == "ignored"
    assert db.session.scalars(select(UnmatchedObject)).all() == []
    assert "unmatched" not in post.alerts()


def told(driver: PaymentDriver, account: str, type: str) -> dict[str, Any]:
    """The newest event of this type on a connected account."""
    answer = requests.get(
        f"{driver.config.stripe_api_base}/v1/events",
        params={"type": type},
        auth=(driver.config.stripe_secret_key, ""),
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


def test_one_odd_object_that_was_set_aside_holds_up_no_other(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    intent = driver.read(transaction).stripe_payment_id

    @atomic
    def put_aside(session: Session) -> None:
        for number, kind in enumerate(("mystery", None, "refund")):
            body = {"id": f"re_{number}", "object": kind, "payment_intent": intent}
            store_unmatched(session, body, None)

    put_aside()
    assert match() == 1
    assert [m.subject for m in driver.messages("refunds.refresh")] == ["re_2"]
