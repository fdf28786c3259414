"""A dispute that was won, before Stripe gives back what was withdrawn for it: nothing is lost yet,
and nothing is handed over."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.orders.product_models import Product
from payments_app.payments.disputes.standing import lost
from payments_app.payments.refunds.money_back import money_back
from payments_app.payments.truth import truth_of
from tests.bystanders import own
from tests.orders.test_goods import stock
from tests.payments.driver import PaymentDriver
from tests.refunds.test_disputes import answer, dispute, send_event, their_dispute

pytestmark = pytest.mark.portable


def won(driver: PaymentDriver, *, back: bool) -> None:
    """Stripe says that it is won, and that the money is `back`, or nothing of that yet."""
    theirs = their_dispute(driver)
    taken = driver.sandbox("GET", f"/v1/disputes/{theirs}")["balance_transactions"][0]
    amount = -taken["amount"]
    returned = taken | {"id": "txn_back", "amount": amount, "net": amount, "fee_details": []}
    moved = [taken, returned | {"fee": 0}] if back else [taken]
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", status="won", balance_transactions=moved)
    send_event(driver)


def test_nothing_is_lost_and_nothing_handed_over_until_the_money_is_back(
    driver: PaymentDriver, disputed_mug: str
) -> None:
    won(driver, back=False)
    transaction = driver.read(dispute().transaction_id)
    assert (driver.order(disputed_mug).fulfilled_at, driver.order(disputed_mug).hold) == (
        None,
        "taken",
    )
    assert truth_of(transaction).status == "disputed"
    assert lost(db.session(), transaction.id) == 0
    assert money_back(db.session(), transaction.id, Money(transaction.paid, "usd")).movements == []
    won(driver, back=True)
    assert driver.order(disputed_mug).fulfilled_at is not None
    assert stock("mug") == 2
    assert truth_of(driver.read(transaction.id)).status == "complete"


def test_goods_of_a_lost_dispute_are_taken_again_where_it_is_won_after_all(
    driver: PaymentDriver, disputed_mug: str
) -> None:
    answer(driver, "losing_evidence")
    send_event(driver)
    assert (driver.order(disputed_mug).hold, stock("mug")) == ("released", 3)
    won(driver, back=True)
    assert driver.order(disputed_mug).fulfilled_at is not None
    assert (driver.order(disputed_mug).hold, stock("mug")) == ("taken", 2)
    assert db.session.scalars(select(Alert).where(Alert.kind == "oversold")).all() == []


def test_goods_that_were_sold_since_call_for_help(driver: PaymentDriver, disputed_mug: str) -> None:
    answer(driver, "losing_evidence")
    send_event(driver)
    _sell_out()
    won(driver, back=True)
    (told,) = db.session.scalars(select(Alert).where(own(Alert), Alert.kind == "oversold")).all()
    assert f"#{driver.order(disputed_mug).number}" in told.message
    assert stock("mug") == 0


@atomic
def _sell_out(session: Session) -> None:
    session.execute(update(Product).where(own(Product)).values(stock=0))
