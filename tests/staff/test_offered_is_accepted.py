"""Staff are offered a link to pay exactly where the checkout would open the page and take the
payment, in every state of an order and of a subscription's bill."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.customers.find import customer_for
from payments_app.orders.models import Order
from payments_app.orders.place import place
from payments_app.orders.product_models import Product
from payments_app.subscriptions.models import Plan, Subscription
from payments_app.subscriptions.periods import Period
from tests.accounts.staff_driver import Browser
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
NEWER = ("failed", "canceled", "requires_action", "unknown", "complete")
HOUR, DAYS = timedelta(hours=1), timedelta(days=30)
HOLDS = itertools.product((1099,), (None, 2, 1), ("none", "held", "released"), (None,))
ORDERS = [*HOLDS, (20, None, "none", None), *((1099, None, "none", newer) for newer in NEWER)]
STATUSES = (
    ("incomplete", HOUR),
    ("incomplete", DAYS),
    *((status, DAYS) for status in ("trialing", "active", "past_due", "canceled")),
)
MOMENTS: tuple[tuple[str, ...], ...] = ((), ("failed_at",), ("failed_at", "paid_at"))
BILLS = [
    *itertools.product(STATUSES, MOMENTS, (None,)),
    *((("past_due", DAYS), ("failed_at",), newer) for newer in NEWER),
]


@atomic
def order(session: Session, email: str, amount: int, stock: int | None, hold: str) -> str:
    """Of two of a product."""
    name = new_id("p")
    product = Product(slug=name, name="Mug", amount=amount, currency="usd", stock=stock)
    session.add(product)
    session.flush()
    made = place(session, product, 2, customer_for(session, email).id)
    made.hold = hold
    session.flush()
    return made.id


@atomic
def period(
    session: Session, /, email: str, status: str, age: timedelta, moments: Sequence[str]
) -> tuple[str, str]:
    """The last bill of a subscription that was made so long ago: its id and that."""
    club = Plan(slug=new_id("p"), name="Club", amount=1500, currency="usd")
    session.add(club)
    session.flush()
    now = utcnow()
    theirs = Subscription(plan_id=club.id, status=status, anchor_day=1, billed_until=now.date())
    theirs.customer_id, theirs.created_at = customer_for(session, email).id, now - age
    theirs.canceled_at = now if status == "canceled" else None
    session.add(theirs)
    session.flush()
    bill = Period(subscription_id=theirs.id, amount=1500, currency="usd", description="Club")
    bill.start, bill.end = now.date() - DAYS, now.date()
    for name in moments:
        setattr(bill, name, now)
    session.add(bill)
    session.flush()
    return bill.id, theirs.id


def opens(app: Flask, item: str) -> bool:
    page = app.test_client().get(f"/checkout/{item}", headers=BROWSER)
    return page.status_code == 200 and 'name="key"' in page.text


def takes(app: Flask, item: str) -> bool:
    answer = CheckoutClient(app, app.test_client()).post(item=item)
    assert answer.status_code in (202, 409, 422), answer.text
    return answer.status_code == 202


def test_an_order_is_offered_where_the_checkout_would_take_it(
    app: Flask, support: Browser, stored_payments: StoredPayments
) -> None:
    seen = set()
    for number, (amount, stock, hold, newer) in enumerate(ORDERS):
        email = f"buyer{number}@example.com"
        with app.app_context():
            id_ = order(email, amount, stock, hold)
        failed = stored_payments.decline(order_id=id_, email=email)
        if newer:
            stored_payments.payment(newer, order_id=id_, email=email)
        offered = f"owed={id_}" in support.get(f"/staff/payments/{failed}").text
        assert offered == opens(app, id_), (amount, stock, hold, newer)
        assert offered == takes(app, id_), (amount, stock, hold, newer)
        seen.add(offered)
    assert seen == {True, False}


def test_a_bill_is_offered_where_the_checkout_would_take_it(
    app: Flask, support: Browser, stored_payments: StoredPayments
) -> None:
    """On its subscription's page and on that of an attempt that failed alike."""
    seen = set()
    for number, ((status, age), moments, newer) in enumerate(BILLS):
        email = f"member{number}@example.com"
        with app.app_context():
            id_, subscription = period(email, status, age, moments)
        failed = stored_payments.decline(period_id=id_, email=email)
        if newer:
            stored_payments.payment(newer, period_id=id_, email=email)
        offered = f"owed={id_}" in support.get(f"/staff/payments/{failed}").text
        listed = f"owed={id_}" in support.get(f"/staff/subscriptions/{subscription}").text
        assert offered == listed == opens(app, id_), (status, age, moments, newer)
        assert offered == takes(app, id_), (status, age, moments, newer)
        seen.add(offered)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("status", "moments"),
    [("canceled", MOMENTS[1]), ("past_due", MOMENTS[2]), ("incomplete", ())],
    ids=["cancelled", "paid", "never begun in time"],
)
def test_what_is_over_has_no_link_beside_another_member_s_overdue_bill(
    app: Flask, support: Browser, status: str, moments: Sequence[str]
) -> None:
    with app.app_context():
        over, ended = period("ada@example.com", status, DAYS, moments)
        overdue, theirs = period("bob@example.com", "past_due", DAYS, MOMENTS[1])
    assert "Ask for this payment" not in support.get(f"/staff/subscriptions/{ended}").text
    assert f"owed={overdue}" in support.get(f"/staff/subscriptions/{theirs}").text
    assert (opens(app, over), opens(app, overdue)) == (False, True)


@atomic
def _one_each(session: Session, order_id: str) -> None:
    (line,) = session.get_one(Order, order_id).lines
    line.product.per_customer = 2
    held = place(session, line.product, 2, customer_for(session, "ada@example.com").id)
    held.hold = "taken"


def test_who_has_as_many_as_one_may_is_sent_no_link(
    app: Flask, support: Browser, stored_payments: StoredPayments
) -> None:
    with app.app_context():
        mine = order("ada@example.com", 1099, None, "released")
        other = order("bob@example.com", 1099, None, "released")
        _one_each(mine)
    pages = [
        support.get(f"/staff/payments/{stored_payments.decline(order_id=id_, email=email)}").text
        for id_, email in ((mine, "ada@example.com"), (other, "bob@example.com"))
    ]
    assert [("Ask for this payment" in page) for page in pages] == [False, True]
