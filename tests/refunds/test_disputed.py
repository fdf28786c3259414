"""What a dispute does to what was bought: while it is open nothing is handed over, after it is won
everything is as before, and after it is lost as if it were refunded."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.payments.disputes.standing import taken_back
from payments_app.payments.disputes.warn import warn
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.remaining import remaining
from payments_app.payments.unmatched import match
from tests.accounts.staff_driver import StaffDriver
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver
from tests.refunds.test_disputes import answer, dispute, send_event, their_dispute

pytestmark = pytest.mark.portable

DISPUTED = "pm_card_createDispute"


@pytest.fixture
def order(driver: PaymentDriver) -> str:
    """Paid and disputed before anybody packed it."""
    order = driver.create_order()
    driver.open(DISPUTED, order)
    driver.work("charges")
    send_event(driver)
    return order


def payment_of(driver: PaymentDriver) -> str:
    return dispute().transaction_id


def close(driver: PaymentDriver, evidence: str) -> None:
    answer(driver, evidence)
    send_event(driver)


def test_a_disputed_order_is_not_shipped(driver: PaymentDriver, order: str) -> None:
    assert driver.order(order).fulfilled_at is None
    happened = driver.happened(payment_of(driver))
    assert "order.not_fulfilled" in happened
    assert "order.fulfilled" not in happened


def test_an_order_whose_dispute_was_won_is_shipped_once(driver: PaymentDriver, order: str) -> None:
    close(driver, "winning_evidence")
    send_event(driver)
    assert driver.order(order).fulfilled_at is not None
    assert driver.happened(payment_of(driver)).count("order.fulfilled") == 1


def test_an_order_whose_dispute_was_lost_is_not_shipped_and_its_goods_go_back(
    driver: PaymentDriver, order: str
) -> None:
    close(driver, "losing_evidence")
    assert driver.order(order).fulfilled_at is None
    assert driver.order(order).hold == "released"


def test_an_order_with_an_inquiry_waits_too(driver: PaymentDriver) -> None:
    order = driver.create_order()
    driver.open("pm_card_createDisputeInquiry", order)
    driver.work("charges")
    send_event(driver)
    assert driver.order(order).fulfilled_at is None
    close(driver, "winning_evidence")
    assert driver.order(order).fulfilled_at is not None


@pytest.fixture
def disputed_in_euro(driver: PaymentDriver) -> str:
    """An order of USD 10.99, disputed as EUR 9.50 before anybody packed it."""
    order = driver.create_order()
    driver.open(DISPUTED, order)
    driver.work("charges")
    theirs = their_dispute(driver)
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", amount=950, currency="eur")
    send_event(driver)
    return order


def test_what_was_lost_in_another_currency_is_no_part_of_the_price(
    driver: PaymentDriver, disputed_in_euro: str
) -> None:
    close(driver, "losing_evidence")
    assert driver.order(disputed_in_euro).fulfilled_at is None
    assert driver.order(disputed_in_euro).hold == "released"


def test_what_was_taken_back_in_another_currency_is_all_that_was_paid(
    driver: PaymentDriver, disputed_in_euro: str
) -> None:
    assert taken_back(db.session(), payment_of(driver)) == 1099


def test_somebody_else_s_order_is_shipped_meanwhile(driver: PaymentDriver, order: str) -> None:
    other = driver.create_order()
    driver.pay("pm_card_visa", other)
    assert driver.order(other).fulfilled_at is not None
    assert driver.order(order).fulfilled_at is None


def won_at_another_rate(driver: PaymentDriver, back: int) -> None:
    """The balance is kept in euro: 18.50 were taken, and `back` cents came back."""
    theirs = their_dispute(driver)
    (taken,) = driver.sandbox("GET", f"/v1/disputes/{theirs}")["balance_transactions"]
    moved = [
        taken | {"currency": "eur", "amount": amount, "fee": 0, "net": amount, "fee_details": []}
        for amount in (-1850, back)
    ]
    moved[1]["id"] = "txn_came_back"
    odd: dict[str, Any] = {"status": "won", "balance_transactions": moved}
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", **odd)
    send_event(driver)


@pytest.mark.parametrize("back", [1842, 1850, 1861])
def test_a_dispute_won_at_another_rate_is_over(driver: PaymentDriver, back: int) -> None:
    transaction = driver.pay(DISPUTED)
    send_event(driver)
    won_at_another_rate(driver, back)
    assert (dispute().state, dispute().funds) == ("won", "reinstated")
    assert remaining(db.session(), driver.read(transaction)) == 1099


def test_a_part_that_came_back_in_the_same_currency_is_not_all(driver: PaymentDriver) -> None:
    driver.pay(DISPUTED)
    theirs = their_dispute(driver)
    (taken,) = driver.sandbox("GET", f"/v1/disputes/{theirs}")["balance_transactions"]
    part = taken | {"id": "txn_part", "amount": 500, "fee": 0, "net": 500, "fee_details": []}
    moved = [taken, part]
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", balance_transactions=moved)
    send_event(driver)
    assert dispute().funds == "withdrawn"


def warning_of(driver: PaymentDriver, transaction: str) -> str:
    intent = driver.read(transaction).stripe_payment_id
    listed = driver.sandbox("GET", f"/v1/radar/early_fraud_warnings?payment_intent={intent}")
    return str(listed["data"][0]["id"])


def test_staff_are_told_of_an_early_fraud_warning_once(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_createIssuerFraudRecord")
    warning = warning_of(driver, transaction)
    for _ in range(2):
        warn(warning, claim(warning))
    told = db.session.scalars(select(Alert).where(own(Alert))).all()
    assert [(alert.kind, alert.times) for alert in told] == [("early_fraud_warning", 1)]
    assert "made with stolen card" in told[0].message
    assert "fraud_warning.opened" in driver.happened(transaction)
    assert remaining(db.session(), driver.read(transaction)) == 1099


@pytest.mark.parametrize("named_by", ["intent", "charge"])
def test_a_warning_of_a_payment_that_is_not_known_is_set_aside_and_told_once_it_is(
    driver: PaymentDriver, named_by: str
) -> None:
    other = driver.pay()
    post = WebhookSender(driver)
    intent = post.pay_elsewhere("pm_card_createIssuerFraudRecord")["id"]
    listed = driver.sandbox("GET", f"/v1/radar/early_fraud_warnings?payment_intent={intent}")
    warning = str(listed["data"][0]["id"])
    if named_by == "charge":
        path = f"/_sandbox/radar.early_fraud_warnings/{warning}"
        driver.sandbox("POST", path, payment_intent=None)
    warn(warning, claim(warning))
    (told,) = db.session.scalars(select(Alert).where(own(Alert))).all()
    assert (told.kind, told.severity, warning in told.message) == ("unmatched", "critical", True)
    assert match() == 0
    page = StaffDriver(driver.app).signed_in("viewer").get("/staff/disputes").text
    assert "Early fraud warning" in page
    assert warning in page
    post.send(create_event(id=intent))
    assert match() == 1
    driver.work()
    found = select(Transaction.id).where(Transaction.stripe_payment_id == intent)
    (paid,) = db.session.scalars(found).all()
    assert "fraud_warning.opened" in driver.happened(paid)
    assert "fraud_warning.opened" not in driver.happened(other)
    open_alerts = select(Alert.kind).where(own(Alert), Alert.acknowledged_at.is_(None))
    assert db.session.scalars(open_alerts).all() == ["early_fraud_warning"]
    assert match() == 0


def test_a_warning_that_is_none_at_stripe_tells_nobody(driver: PaymentDriver) -> None:
    warn("issfr_forged", claim("issfr_forged"))
    assert db.session.scalars(select(Alert).where(own(Alert))).all() == []
