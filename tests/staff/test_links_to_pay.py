"""From where a debt is read of, a link to pay it is made or copied in three clicks at most."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.find import customer_for
from payments_app.notices.models import Mail
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.states import stop_holding
from payments_app.subscriptions.models import Plan, Subscription
from payments_app.subscriptions.periods import Period
from tests.accounts.staff_driver import Browser
from tests.bystanders import own
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
FORM = "/staff/payment-links/new"
FIELD = r'(?s)<input id="{0}"[^>]*?value="([^"]*)"'


@atomic
def overdue(session: Session, email: str) -> tuple[str, list[str]]:
    """A subscription with one bill that was not paid and one that was: its id and theirs."""
    plan = Plan(slug=f"club{email[0]}", name="Club", amount=1500, currency="usd")
    session.add(plan)
    session.flush()
    day = utcnow().date()
    ours = Subscription(plan_id=plan.id, status="past_due", anchor_day=1, billed_until=day)
    ours.customer_id = customer_for(session, email).id
    session.add(ours)
    session.flush()
    periods = []
    for number, name in enumerate(("failed_at", "paid_at")):
        period = Period(subscription_id=ours.id, amount=1500, currency="usd", description="Club")
        period.start, period.end = day - timedelta(days=30 * number + 30), day
        setattr(period, name, utcnow())
        session.add(period)
        periods.append(period)
    session.flush()
    return ours.id, [period.id for period in periods]


def asks(page: str) -> str:
    """The first click: to the form."""
    found = re.search(r'href="(/staff/payment-links/new\?[^"]+)"[^>]*>Ask for a payment<', page)
    assert found
    return html.unescape(found[1])


def typed(form: str, name: str) -> str:
    found = re.search(FIELD.format(name), form)
    return html.unescape(found[1]) if found else ""


def test_a_failed_payment_leads_to_a_form_that_is_filled(
    app: Flask, support: Browser, stored_payments: StoredPayments
) -> None:
    """The second click sends it."""
    stored_payments.decline(email="bob@example.com")
    id_ = stored_payments.decline(amount=1250, currency="eur", description="The lamp")
    form = support.get(asks(support.get(f"/staff/payments/{id_}").text)).text
    filled = {name: typed(form, name) for name in ("amount", "description", "email", "days")}
    assert filled == {
        "amount": "12.50",
        "description": "The lamp",
        "email": "ada@example.com",
        "days": "14",
    }
    assert re.search(r'value="eur"\s+selected', form)
    sent = support.post("/staff/payment-links", FORM, **filled, currency="eur", send="1")
    assert sent.status_code == 303
    with app.app_context():
        (made,) = db.session.scalars(select(PaymentRequest).where(own(PaymentRequest)))
        (mail,) = db.session.scalars(select(Mail).where(Mail.kind == "payment_link"))
        assert (made.amount, made.currency, mail.recipient) == (1250, "eur", "ada@example.com")


@pytest.mark.parametrize("place", ["customers", "subscriptions"])
def test_a_customer_and_a_subscription_lead_to_the_form(
    app: Flask, support: Browser, stored_payments: StoredPayments, place: str
) -> None:
    with app.app_context():
        overdue("bob@example.com")
        subscription, _ = overdue("ada@example.com")
    id_ = stored_payments.customer_id() if place == "customers" else subscription
    form = support.get(asks(support.get(f"/staff/{place}/{id_}").text)).text
    assert typed(form, "email") == "ada@example.com"


def test_an_order_that_is_not_paid_has_its_own_link(
    app: Flask, support: Browser, viewer: Browser, stored_payments: StoredPayments
) -> None:
    """The second click sends it; what is paid there pays for the order."""
    order, paid = stored_payments.order(), stored_payments.order("bob@example.com")
    id_ = stored_payments.decline(order_id=order.id)
    other = stored_payments.payment(order_id=paid.id, email="bob@example.com")
    assert owed_at(support.get(f"/staff/payments/{other}").text) is None
    assert owed_at(viewer.get(f"/staff/payments/{id_}").text) is None
    assert_is_asked_for(app, support, f"/staff/payments/{id_}", order.id)


def test_an_overdue_period_has_its_own_link(app: Flask, support: Browser, viewer: Browser) -> None:
    with app.app_context():
        subscription, (unpaid, paid) = overdue("ada@example.com")
    path = f"/staff/subscriptions/{subscription}"
    assert paid not in support.get(path).text
    assert owed_at(viewer.get(path).text) is None
    assert_is_asked_for(app, support, path, unpaid)


def owed_at(page: str) -> str | None:
    """Where the first click leads."""
    found = re.search(r'href="(/staff/payment-links/new\?owed=[^"]+)"[^>]*>Ask for this', page)
    return html.unescape(found[1]) if found else None


def assert_is_asked_for(app: Flask, support: Browser, path: str, owed: str) -> None:
    where = owed_at(support.get(path).text)
    assert where
    form = support.get(where).text
    assert 'name="amount"' not in form
    filled = {name: typed(form, name) for name in ("email", "days")}
    assert filled == {"email": "ada@example.com", "days": "14"}
    sent = support.post("/staff/payment-links", where, **filled, owed=owed, send="1")
    assert sent.status_code == 303
    with app.app_context():
        (made,) = db.session.scalars(select(PaymentRequest).where(own(PaymentRequest)))
        (mail,) = db.session.scalars(select(Mail).where(Mail.kind == "payment_link"))
        link = f"/checkout/{made.checkout_name}"
    assert (made.owed_id, made.expires_at is not None) == (owed, True)
    assert re.search(rf'data-copy="[^"]+{link}"', support.get(sent.headers["Location"]).text)
    assert (mail.link, "[link]" in mail.text) == ({"path": "/checkout/", "name": made.id}, True)
    again = support.client.get(where)
    assert (again.status_code, again.headers["Location"]) == (303, sent.headers["Location"])


def test_what_was_paid_or_is_being_paid_shows_no_link_on_any_of_its_pages(
    app: Flask, support: Browser, stored_payments: StoredPayments
) -> None:
    """Nor does a payment that was given back, though its order may be paid anew: only the attempt
    that failed leads there."""
    returned, other = stored_payments.order(), stored_payments.order("bob@example.com")
    pages = [stored_payments.payment(order_id=returned.id)]
    with app.app_context():
        atomic(stop_holding)(pages[0])
    pages += [stored_payments.decline(order_id=other.id, email="bob@example.com")]
    pages += [stored_payments.payment("unknown", order_id=other.id, email="bob@example.com")]
    again = stored_payments.decline(order_id=returned.id)
    for id_ in pages:
        assert owed_at(support.get(f"/staff/payments/{id_}").text) is None
    assert returned.id in (owed_at(support.get(f"/staff/payments/{again}").text) or "")
