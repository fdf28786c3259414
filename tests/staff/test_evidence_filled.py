"""What a dispute's evidence begins with of delivery and mails: from what each field comes, none
where we hold nothing of it, nothing of another customer's, and no more than Stripe takes."""

from __future__ import annotations

import datetime as dt
import importlib
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.downloads.models import DigitalProduct, DigitalPurchase
from payments_app.notices.models import Mail
from payments_app.orders.models import Order
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.staff.disputes.prefilled import prefilled
from tests.staff.stored_payments import StoredPayments
from tests.staff.test_disputes import _dispute

pytestmark = pytest.mark.portable
MAY = dt.datetime(2026, 5, 4, 9, 30, tzinfo=dt.UTC)
SAID = "May 4, 2026, 09:30 UTC"


@atomic
def _evidence(session: Session, transaction_id: str) -> dict[str, str]:
    mine = select(Dispute).where(Dispute.transaction_id == transaction_id)
    return prefilled(session, session.scalars(mine).one(), ZoneInfo("UTC"))


@atomic
def _mail(session: Session, transaction_id: str, to: str, text: str = "Thank you.") -> None:
    mail = Mail(key=new_id("k"), kind="receipt", recipient=to, subject=f"Receipt of {to}", html="x")
    mail.text, mail.state, mail.sent_at, mail.transaction_id = text, "sent", MAY, transaction_id
    session.add(mail)


@atomic
def _hand_over(session: Session, order_id: str) -> None:
    order = session.get_one(Order, order_id)
    order.status, order.paid_at, order.fulfilled_at = "paid", MAY, MAY


@atomic
def _file(session: Session, transaction_id: str, downloads: int) -> None:
    """The payment is for a file, which was fetched so often."""
    product = DigitalProduct(slug=new_id("f"), name="Letter", amount=1099, currency="usd")
    product.filename, product.media_type, product.content = "a.txt", "text/plain", b"x"
    session.add(product)
    session.flush()
    bought = DigitalPurchase(product=product, amount=1099, currency="usd", downloads=downloads)
    bought.status, bought.delivered_at = "paid", MAY
    session.add(bought)
    session.flush()
    session.add(
        PaymentRecord(
            transaction_id=transaction_id,
            payable_type=bought.payable_type,
            payable_id=bought.id,
            role="pays_for",
        )
    )
    for _ in range(downloads):
        entry = history.record(
            session, "system", "purchase.downloaded", transaction_id=transaction_id
        )
        entry.at = MAY


@pytest.fixture
def mine(app: Flask, stored_payments: StoredPayments) -> str:
    """A disputed payment, beside one of somebody else's with all that there can be."""
    theirs = stored_payments.payment(email="bob@example.com")
    mine = stored_payments.payment()
    with app.app_context():
        _file(theirs, 3)
        _mail(theirs, "bob@example.com")
        for each in (theirs, mine):
            _dispute(each, {})
    return mine


def read(app: Flask, transaction_id: str) -> dict[str, str]:
    with app.app_context():
        return _evidence(transaction_id)


def test_a_payment_of_which_nothing_was_sent_leaves_its_fields_out(app: Flask, mine: str) -> None:
    found = read(app, mine)
    left_out = {"shipping_date", "service_date", "access_activity_log"}
    assert not left_out & set(found)
    assert "We mailed" not in found["uncategorized_text"]
    assert "bob@" not in str(found)


def test_an_order_that_was_handed_over_says_when(
    app: Flask, stored_payments: StoredPayments, mine: str
) -> None:
    order = stored_payments.order()
    paid = stored_payments.payment(order_id=order.id)
    with app.app_context():
        _hand_over(order.id)
        _dispute(paid, {})
    found = read(app, paid)
    assert found["shipping_date"] == SAID
    assert f"handed over for sending on {SAID}." in found["uncategorized_text"]
    assert "shipping_date" not in read(app, mine)


def test_a_file_says_when_and_to_whom_its_link_went_and_when_it_was_fetched(
    app: Flask, mine: str
) -> None:
    with app.app_context():
        _file(mine, 2)
        _mail(mine, "ada@example.com")
    found = read(app, mine)
    assert found["service_date"] == SAID
    assert found["access_activity_log"].splitlines() == [
        f"The file was handed over on {SAID}.",
        f"Its link was mailed to ada@example.com on {SAID}.",
        f"It was downloaded on {SAID}.",
        f"It was downloaded on {SAID}.",
        "The file was downloaded 2 times in all.",
    ]
    assert "bob@" not in str(found)


def test_a_file_that_nobody_fetched_claims_no_download(app: Flask, mine: str) -> None:
    with app.app_context():
        _file(mine, 0)
    log = read(app, mine)["access_activity_log"]
    assert log == f"The file was handed over on {SAID}."


def test_mails_say_when_they_went_to_which_address(app: Flask, mine: str) -> None:
    with app.app_context():
        _mail(mine, "ada@example.com")
    said = read(app, mine)["uncategorized_text"]
    assert f"We mailed ada@example.com on {SAID}: Receipt of ada@example.com" in said
    assert "bob@" not in said


def test_more_mails_than_are_named_are_not_kept_quiet(
    app: Flask, mine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        _mail(mine, "ada@example.com")
        _mail(mine, "ada@example.com")
    assert "More mails followed." not in read(app, mine)["uncategorized_text"]
    module = importlib.import_module("payments_app.staff.disputes.prefilled")
    monkeypatch.setattr(module, "_MOST", 1)
    said = read(app, mine)["uncategorized_text"]
    assert (said.count("We mailed"), "More mails followed." in said) == (1, True)


def test_no_more_is_filled_in_than_stripe_takes(app: Flask, mine: str) -> None:
    with app.app_context():
        _mail(mine, "ada@example.com", "word " * 40_000)
        _file(mine, 1)
    found = read(app, mine)
    assert max(map(len, found.values())) == 20_000
    assert sum(map(len, found.values())) <= 150_000
    assert found["service_date"] == SAID


@atomic
def _downloads_told(session: Session, transaction_id: str) -> int:
    session.get_one(Transaction, transaction_id)
    told = select(history.HistoryEntry).where(
        history.HistoryEntry.transaction_id == transaction_id,
        history.HistoryEntry.what == "purchase.downloaded",
    )
    return len(session.scalars(told).all())


def test_the_first_downloads_are_kept_with_their_time(
    app: Flask, stored_payments: StoredPayments
) -> None:
    from payments_app.downloads.deliver import fetch

    paid, other = stored_payments.payment(), stored_payments.payment(email="bob@example.com")
    with app.app_context():
        _file(paid, 0)
        _file(other, 0)
        purchase = _purchase_of(paid)
        for _ in range(22):
            assert fetch(purchase)
        assert (_downloads_told(paid), _downloads_told(other)) == (20, 0)


@atomic
def _purchase_of(session: Session, transaction_id: str) -> str:
    mine = select(PaymentRecord.payable_id).where(
        PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == "pays_for"
    )
    return session.scalars(mine).one()


def test_terms_that_can_not_be_said_leave_the_rest_as_it_is(
    app: Flask, stored_payments: StoredPayments, mine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = stored_payments.payment(order_id=stored_payments.order().id)
    with app.app_context():
        _dispute(paid, {})
    before = read(app, paid)

    def gone(_order: Order) -> str:
        raise LookupError("the plan is gone")

    monkeypatch.setattr(Order, "card_terms", property(gone))
    assert read(app, paid) == before
