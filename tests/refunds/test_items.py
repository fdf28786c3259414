"""A refund of some of the items: of their price, none goes back twice, and it says which."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from payments_app.customers.find import customer_for
from payments_app.orders.place import place_lines
from payments_app.orders.product_models import Product
from payments_app.payments.models import Transaction
from payments_app.payments.refunds import items
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.money_back import movement_of
from payments_app.payments.refunds.request import RefundRefusedError, request_refund
from tests.staff.stored_payments import StoredPayments

pytestmark = [pytest.mark.portable, pytest.mark.usefixtures("app_context")]

BAG, MUG = 4950, 2400


@pytest.fixture
def payments(app: Flask) -> StoredPayments:
    return StoredPayments(app)


@atomic
def _order(session: Session) -> str:
    bag = Product(slug=new_id("p"), name="Canvas bag", amount=BAG, currency="usd")
    mug = Product(slug=new_id("p"), name="Mug", amount=MUG, currency="usd")
    session.add_all([bag, mug])
    session.flush()
    return place_lines(
        session, [(bag, 3), (mug, 1)], customer_for(session, "ida@example.com").id
    ).id


@pytest.fixture
def paid(payments: StoredPayments) -> str:
    """A payment of three bags and a mug."""
    amount = 3 * BAG + MUG
    return payments.payment(order_id=_order(), amount=amount, amount_received=amount)


@atomic
def left(session: Session, transaction_id: str) -> list[tuple[str, int, int]]:
    found = items.items_of(session, session.get_one(Transaction, transaction_id))
    return [(item.name, item.left, item.quantity) for item in found]


@atomic
def _refund(session: Session, refund_id: str) -> Refund:
    return session.get_one(Refund, refund_id)


def refund(transaction_id: str, amount: int, wanted: dict[int, int], **more: Any) -> Refund:
    asked = {"reason": "Torn", "actor": "stf_1", "items": wanted, **more}
    return _refund(request_refund(transaction_id, amount, **asked))


def test_the_record_names_the_items_and_so_do_the_timeline_and_the_mail(paid: str) -> None:
    made = refund(paid, BAG, {0: 1})
    said = "1 of 3 \u00d7 Canvas bag"
    assert items.in_words(made.items) == said
    assert movement_of(made).items == said
    assert _told(made.id)["items"] == said
    assert left(paid) == [("Canvas bag", 2, 3), ("Mug", 1, 1)]


@atomic
def _told(session: Session, refund_id: str) -> dict[str, Any]:
    asked = select(HistoryEntry.data).where(HistoryEntry.subject == refund_id)
    return session.scalars(asked).one()


def test_items_of_several_lines_come_to_their_sum(paid: str) -> None:
    made = refund(paid, 2 * BAG + MUG, {0: 2, 1: 1})
    assert items.in_words(made.items) == "2 of 3 \u00d7 Canvas bag, 1 of 1 \u00d7 Mug"


@pytest.mark.parametrize(
    ("amount", "wanted", "why"),
    [
        (BAG + 1, {0: 1}, "These items come to $49.50"),
        (2 * MUG, {1: 2}, "1 of 1 can still be refunded"),
        (BAG, {7: 1}, "Choose from the items"),
        (BAG, {0: 0}, "Choose from the items"),
        (BAG, {0: -1}, "Choose from the items"),
    ],
)
def test_items_that_are_not_there_or_cost_something_else_are_refused(
    paid: str, amount: int, wanted: dict[int, int], why: str
) -> None:
    with pytest.raises(RefundRefusedError, match=why.replace("$", r"\$")):
        refund(paid, amount, wanted)
    assert left(paid) == [("Canvas bag", 3, 3), ("Mug", 1, 1)]


def test_no_item_goes_back_twice(paid: str) -> None:
    refund(paid, MUG, {1: 1})
    with pytest.raises(RefundRefusedError, match="0 of 1 can still be refunded"):
        refund(paid, MUG, {1: 1})


def test_what_failed_gave_nothing_back(paid: str) -> None:
    _fail(refund(paid, BAG, {0: 1}).id)
    assert left(paid)[0] == ("Canvas bag", 3, 3)


@atomic
def _fail(session: Session, refund_id: str) -> None:
    session.execute(update(Refund).where(Refund.id == refund_id).values(state="failed"))


def test_items_never_give_back_more_than_is_left(paid: str) -> None:
    refund(paid, 3 * BAG, {})
    with pytest.raises(RefundRefusedError, match="at most"):
        refund(paid, BAG, {0: 1})


def test_the_items_of_another_payment_are_their_own(paid: str, payments: StoredPayments) -> None:
    amount = 3 * BAG + MUG
    other = payments.payment(order_id=_order(), amount=amount, amount_received=amount)
    refund(paid, BAG, {0: 1})
    assert left(other)[0] == ("Canvas bag", 3, 3)


def test_a_single_thing_has_no_items_to_choose(payments: StoredPayments) -> None:
    assert left(payments.payment(order_id=payments.order().id)) == []
    assert left(payments.payment()) == []
