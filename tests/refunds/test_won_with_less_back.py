"""A dispute that was won, and less came back than was taken for it: it is over, what is missing is
said, and staff are told once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.core.money import Money
from payments_app.ledger.models import DISPUTES, Entry
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.short import look_for_money
from payments_app.payments.disputes.standing import lost
from payments_app.payments.refunds.money_back import money_back
from payments_app.payments.refunds.request import RefundRefusedError, request_refund
from payments_app.payments.refunds.review import review_refund
from payments_app.payments.truth import truth_of
from payments_app.reconcile import internal_payments
from tests.bystanders import own
from tests.orders.test_goods import stock
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours, open_ones
from tests.refunds.test_disputes import dispute, send_event, their_dispute

pytestmark = pytest.mark.portable


def won(driver: PaymentDriver, *back: int, **more: Any) -> None:
    """Stripe says that it is won, and that these sums came back."""
    theirs = their_dispute(driver)
    taken = driver.sandbox("GET", f"/v1/disputes/{theirs}")["balance_transactions"][0]
    free = {"fee": 0, "fee_details": []}
    returned = [
        taken | free | {"id": f"txn_back_{number}", "amount": amount, "net": amount}
        for number, amount in enumerate(back)
    ]
    odd = {"status": "won", "balance_transactions": [taken, *returned], **more}
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", **odd)
    send_event(driver)


def alerts_of(kind: str = "dispute_short") -> list[tuple[str, int, bool]]:
    """What staff are told, how often, and whether it is closed."""
    db.session.rollback()
    found = select(Alert).where(own(Alert), Alert.kind == kind).order_by(Alert.id)
    rows = db.session.scalars(found.execution_options(populate_existing=True))
    return [(row.message.partition(": ")[2], row.times, bool(row.acknowledged_at)) for row in rows]


def posted() -> int:
    """What the books say that disputes hold."""
    db.session.rollback()
    rows = db.session.scalars(select(Entry).where(own(Entry), Entry.account == DISPUTES))
    return sum(row.amount if row.side == "debit" else -row.amount for row in rows)


MISSING = "its dispute ($5.00) was won, and less came back than was taken: $3.00 is missing"


def test_it_is_over_and_what_is_missing_is_said(driver: PaymentDriver, disputed_mug: str) -> None:
    other = driver.pay()
    won(driver, 200)
    transaction = driver.read(dispute().transaction_id)
    truth = truth_of(transaction)
    assert (truth.status, truth.taken, truth.kept) == ("dispute_won", 300, 200)
    assert (driver.order(disputed_mug).hold, stock("mug")) == ("taken", 2)
    assert driver.order(disputed_mug).fulfilled_at is not None
    assert lost(db.session(), transaction.id) == 300
    told = money_back(db.session(), transaction.id, Money(transaction.paid, "usd"))
    assert [movement.money.amount for movement in told.movements] == [300]
    assert posted() == 300
    assert truth_of(driver.read(other)).status == "complete"


def test_staff_are_told_once_of_each_sum_and_it_closes_when_all_is_back(
    driver: PaymentDriver, disputed_mug: str
) -> None:
    won(driver, 200)
    assert alerts_of() == [(MISSING, 1, False)]
    send_event(driver)
    won(driver, 200, reason="general")
    assert alerts_of() == [(MISSING, 1, False)]
    won(driver, 200, 300)
    assert alerts_of() == [(MISSING, 1, True)]
    assert truth_of(driver.read(dispute().transaction_id)).status == "complete"
    assert posted() == 0


def test_no_more_is_refunded_than_came_back(driver: PaymentDriver, disputed_mug: str) -> None:
    won(driver, 200)
    transaction = dispute().transaction_id
    with pytest.raises(RefundRefusedError):
        request_refund(transaction, 201, reason="more", actor="tests")
    review = review_refund(transaction, 200, reason="all of it")
    assert (review.paid.amount, review.left.amount, review.kept.amount) == (500, 200, 0)
    charge = driver.sandbox("GET", f"/v1/disputes/{their_dispute(driver)}")["charge"]
    driver.sandbox("POST", f"/_sandbox/charges/{charge}", _refundable=True)
    request_refund(transaction, None, reason="all of it", actor="tests")
    driver.work()
    truth = truth_of(driver.read(transaction))
    assert (truth.status, truth.returned, truth.kept) == ("dispute_won", 200, 0)


def test_the_books_agree_with_stripe(
    driver: PaymentDriver, disputed_mug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(internal_payments, "POSTED_WITHIN_SECONDS", -5)
    won(driver, 200)
    compare_last_hours()
    assert [(one.kind, one.details) for one in open_ones() if "dispute" in one.kind] == []


def test_nothing_that_came_back_in_a_week_is_told_and_read_again(
    driver: PaymentDriver, disputed_mug: str
) -> None:
    won(driver)
    look_for_money()
    assert (alerts_of(), waiting()) == ([], 0)
    _a_week_passes()
    look_for_money()
    look_for_money()
    assert waiting() == 1
    says = "its dispute ($5.00) was won, and nothing came back in 7 days: $5.00 is missing"
    assert alerts_of() == [(says, 1, False)]
    won(driver, 500)
    assert alerts_of() == [(says, 1, True)]


def test_one_that_an_older_release_kept_is_read_again_and_over(
    driver: PaymentDriver, disputed_mug: str
) -> None:
    won(driver, 200)
    _as_before_the_update()
    look_for_money()
    driver.work()
    assert dispute().funds == "reinstated"
    assert truth_of(driver.read(dispute().transaction_id)).status == "dispute_won"


def waiting() -> int:
    db.session.rollback()
    asked = select(Message).where(
        own(Message), Message.command == "disputes.refresh", Message.done_at.is_(None)
    )
    return len(db.session.scalars(asked).all())


@atomic
def _a_week_passes(session: Session) -> None:
    ago = database_now(-8 * 24 * 3600)
    session.execute(update(Dispute).where(own(Dispute)).values(updated_at=ago))


@atomic
def _as_before_the_update(session: Session) -> None:
    ago = database_now(-8 * 24 * 3600)
    session.execute(update(Dispute).where(own(Dispute)).values(updated_at=ago, funds="withdrawn"))
