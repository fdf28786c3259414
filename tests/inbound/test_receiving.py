"""Each event is stored once, answered at once, and told in the timeline."""

from __future__ import annotations

import time

import pytest

from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


def test_the_answer_does_not_wait_for_the_work(post: WebhookSender) -> None:
    event = create_event()
    assert post.send(event, work=False).json == {"received": "new"}
    assert post.state(event) == "received"


def test_an_unknown_type_is_taken_and_ignored(post: WebhookSender) -> None:
    event = create_event("price.created")
    assert post.send(event).status_code == 200
    assert post.state(event) == "ignored"


def test_an_object_with_an_id_of_the_owners_making_is_no_trouble(post: WebhookSender) -> None:
    event = create_event("product.created", id="gold plan / 3 \u0000")
    assert post.send(event).status_code == 200
    assert post.state(event) == "ignored"


def test_a_duplicate_is_answered_200_and_counted(post: WebhookSender) -> None:
    event = create_event("invoice.payment_failed")
    post.send(event)
    assert post.send(event).json == {"received": "duplicate"}
    assert post.stored(event).deliveries == 2


def test_five_duplicates_at_once_are_one_event(post: WebhookSender, driver: PaymentDriver) -> None:
    event = create_event("payment_intent.succeeded")
    assert post.send_at_once([event] * 5) == [200] * 5
    assert post.stored(event).deliveries == 5
    assert len(driver.messages("inbound.process")) == 1


def test_the_timeline_tells_new_from_duplicate(post: WebhookSender) -> None:
    event = create_event("customer.subscription.created")
    post.send(event)
    post.send(event)
    assert post.deliveries(event) == ["new", "duplicate"]


def test_the_timeline_tells_a_late_event(post: WebhookSender) -> None:
    event = create_event("customer.subscription.created") | {"created": int(time.time()) - 3600}
    post.send(event)
    assert post.deliveries(event) == ["late"]


def test_a_payments_webhook_is_in_its_timeline(post: WebhookSender, driver: PaymentDriver) -> None:
    transaction = driver.pay()
    post.send(post.told("payment_intent.succeeded"))
    assert "webhook.payment_intent.succeeded" in driver.happened(transaction)


@pytest.mark.parametrize("kind", ["customer.subscription.created", "invoice.payment_failed"])
def test_a_billing_event_is_recorded(post: WebhookSender, kind: str) -> None:
    event = create_event(kind, id="in_1", customer="cus_1", attempt_count=2)
    post.send(event)
    assert post.state(event) == "processed"
    row = db.session.query(HistoryEntry).filter_by(what=f"webhook.{kind}").one()
    assert (row.subject, row.data["customer"]) == ("in_1", "cus_1")
    assert row.data["object"] == {"attempt_count": 2}


def test_an_event_of_the_other_mode_is_set_aside(post: WebhookSender) -> None:
    event = create_event() | {"livemode": True}
    assert post.send(event).status_code == 200
    assert post.state(event) == "quarantined"
    assert post.alerts() == ["webhook_quarantined"]


def test_an_event_of_a_foreign_account_is_set_aside(post: WebhookSender) -> None:
    event = create_event() | {"account": "acct_somebody"}
    assert post.send(event).status_code == 200
    assert post.state(event) == "quarantined"


def test_what_is_set_aside_builds_nothing(post: WebhookSender) -> None:
    intent = post.pay_elsewhere()
    post.send(create_event(id=intent["id"]) | {"livemode": True})
    assert db.session.query(Transaction).where(own(Transaction)).count() == 0


def test_a_refund_is_told_in_the_timeline_of_its_payment(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = driver.pay()
    intent = driver.read(transaction).stripe_payment_id
    post.send(create_event("refund.updated", id="re_1", payment_intent=intent))
    assert "webhook.refund.updated" in driver.happened(transaction)


@pytest.mark.parametrize("kind", ["refund.created", "refund.failed", "charge.refunded"])
def test_a_refund_told_by_stripe_is_read_again(
    post: WebhookSender, driver: PaymentDriver, kind: str
) -> None:
    transaction = driver.pay()
    intent = driver.read(transaction).stripe_payment_id
    event = create_event(kind, id="re_1", payment_intent=intent)
    post.send(event, work=False)
    assert [message.subject for message in driver.messages("refunds.refresh")] == [intent]


def test_a_refund_made_at_stripe_is_taken_in(post: WebhookSender, driver: PaymentDriver) -> None:
    transaction = driver.pay()
    intent = driver.read(transaction).stripe_payment_id
    post.stripe("refunds", payment_intent=intent, amount="100")
    post.send(post.told("refund.created"))
    assert [refund.amount for refund in db.session.query(Refund).where(own(Refund))] == [100]


def test_a_dispute_told_by_stripe_is_taken_in(post: WebhookSender, driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_createDispute")
    post.send(post.told("charge.dispute.created"))
    assert [d.transaction_id for d in db.session.query(Dispute).where(own(Dispute))] == [
        transaction
    ]
