"""What Stripe says that it received: what can't be is told to people, and what is corrects us."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.gateway.results import Answer, Verdict
from payments_app.ledger.models import Entry
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.apply_stripe_state import apply_stripe_state
from tests.bystanders import own
from tests.payments.driver import PaymentDriver
from tests.payments.held import Held, values
from tests.reconcile.books import execute

pytestmark = [pytest.mark.portable, pytest.mark.timeout(300)]


ODD: list[Any] = [2501, 10**30, 0, -1, None, "1500", True, 15.0, [], {}]


@pytest.mark.followed_by_all
@pytest.mark.parametrize("received", ODD, ids=repr)
def test_what_can_not_have_been_received_is_unknown_and_told(
    held: Held, driver: PaymentDriver, received: Any
) -> None:
    transaction = held.hold()
    held.capture(transaction, 1500)
    held.change_at_stripe(transaction, amount_received=received)
    held.post.send(
        held.post.told("payment_intent.succeeded", driver.read(transaction).stripe_payment_id)
    )
    driver.work()
    assert values(driver, transaction) == ("unknown", 2500, None)
    db.session.rollback()
    alert = db.session.scalars(select(Alert).where(Alert.kind == "mismatch")).one()
    assert (alert.severity, alert.key) == ("critical", f"mismatch:{transaction}")
    assert "received" in alert.message
    assert db.session.scalars(select(Entry).where(own(Entry))).all() == []
    assert db.session.scalars(select(Mail).where(own(Mail))).all() == []


@pytest.mark.parametrize(
    "intent",
    [
        {"object": "setup_intent"},
        {"object": "payment_intent"},
        {"object": "payment_intent", "amount": 1099},
        {"object": "payment_intent", "amount": None, "currency": None, "amount_received": 1099},
        {"object": "payment_intent", "amount": 1099, "currency": 7, "amount_received": 1099},
    ],
)
def test_an_intent_that_tells_no_amount_settles_nothing(
    driver: PaymentDriver, intent: dict[str, object]
) -> None:
    transaction = driver.open()
    driver.fail_stripe("drop_after", "/confirm$", times=1)
    driver.work("charges")
    told = {**intent, "id": driver.read(transaction).stripe_payment_id, "status": "succeeded"}
    answer = Answer("retrieve", Verdict.SUCCEEDED, told, http_status=200)
    assert apply_stripe_state(transaction, answer, fresh=True) == "unknown"
    assert values(driver, transaction) == ("unknown", 1099, None)
    db.session.rollback()
    assert [alert.kind for alert in db.session.scalars(select(Alert))] == ["mismatch"]


def test_it_completes_once_stripe_says_what_was_received(held: Held, driver: PaymentDriver) -> None:
    transaction = held.hold()
    held.capture(transaction, 1500)
    held.change_at_stripe(transaction, amount_received=None)
    driver.make_due("look_up")
    driver.work("charges")
    assert driver.read(transaction).phase == "unknown"
    held.change_at_stripe(transaction, amount_received=1500)
    driver.make_due("look_up")
    driver.work("charges")
    assert values(driver, transaction) == ("complete", 2500, 1500)


def test_a_payment_that_ended_is_corrected_to_what_was_received(
    held: Held, driver: PaymentDriver
) -> None:
    transaction = held.hold()
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(phase="failed", state="failed", version=Transaction.version + 1)
    )
    held.capture(transaction, 1500)
    held.tell(transaction)
    assert values(driver, transaction) == ("complete", 2500, 1500)


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_the_database_knows_no_money_received_before_the_end(
    driver: PaymentDriver, state: str
) -> None:
    transaction = driver.open() if state == "pending" else driver.pay("pm_card_visa_chargeDeclined")
    change = update(Transaction).where(Transaction.id == transaction)
    with pytest.raises(IntegrityError):
        execute(change.values(amount_received=0))


@pytest.mark.parametrize("received", [-1, 1100])
def test_the_database_knows_no_other_money_than_was_asked_for(
    driver: PaymentDriver, received: int
) -> None:
    change = update(Transaction).where(Transaction.id == driver.pay())
    with pytest.raises(IntegrityError):
        execute(change.values(amount_received=received))


def test_a_row_of_an_older_release_took_all_of_it(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    execute(update(Transaction).where(own(Transaction)).values(amount_received=None))
    assert driver.read(transaction).paid == 1099
    assert db.session.scalar(select(Transaction.paid).where(own(Transaction))) == 1099
