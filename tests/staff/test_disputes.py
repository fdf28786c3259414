"""Disputes and likely double payments have a page each, and a payment names its own."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import Refund
from payments_app.staff.disputes import queries as disputes
from payments_app.staff.zones import time_left
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@atomic
def _dispute(session: Session, transaction_id: str, values: dict[str, Any]) -> str:
    row = Dispute(
        **{
            "transaction_id": transaction_id,
            "stripe_dispute_id": new_id("dp"),
            "state": "needs_response",
            "funds": "withdrawn",
            "reason": "fraudulent",
            "amount": 1099,
            "currency": "usd",
            "due_by": utcnow() + dt.timedelta(days=3, hours=1),
            "stripe_data": {},
            "opened_at": utcnow(),
            **values,
        }
    )
    session.add(row)
    session.flush()
    return row.stripe_dispute_id


@atomic
def _refund(session: Session, transaction_id: str) -> None:
    session.add(
        Refund(
            transaction_id=transaction_id,
            amount=1099,
            currency="usd",
            reason="Paid twice",
            requested_by="system",
        )
    )


@pytest.fixture
def pair(stored_payments: StoredPayments) -> tuple[str, str]:
    """Two payments of one amount, two minutes apart, a day ago."""
    first = utcnow() - dt.timedelta(days=1)
    return stored_payments.payment(created_at=first), stored_payments.payment(
        created_at=first + 2 * MINUTE
    )


def test_an_open_dispute_says_how_long_there_is_to_answer(
    staff_driver: StaffDriver, viewer: Browser, stored_payments: StoredPayments
) -> None:
    stripe_id = staff_driver.do(_dispute, stored_payments.payment(), {})
    page = viewer.get("/staff/disputes").text
    assert "Needs response" in page
    assert "in 3 days" in page
    assert f"https://dashboard.stripe.com/test/disputes/{stripe_id}" in page


def test_a_dispute_that_was_decided_has_no_deadline(
    staff_driver: StaffDriver, viewer: Browser, stored_payments: StoredPayments
) -> None:
    staff_driver.do(_dispute, stored_payments.payment(), {"state": "won", "funds": "reinstated"})
    page = viewer.get("/staff/disputes").text
    assert "Won" in page
    assert "in 3 days" not in page


def test_the_nearest_deadline_comes_first(
    staff_driver: StaffDriver, viewer: Browser, stored_payments: StoredPayments
) -> None:
    for days in (9, 2, 5):
        staff_driver.do(
            _dispute,
            stored_payments.payment(),
            {"due_by": utcnow() + dt.timedelta(days=days, hours=1)},
        )
    page = viewer.get("/staff/disputes").text
    assert page.index("in 2 days") < page.index("in 5 days") < page.index("in 9 days")


def test_older_disputes_are_on_the_next_page(
    staff_driver: StaffDriver,
    viewer: Browser,
    stored_payments: StoredPayments,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disputes, "PAGE", 2)
    id_ = stored_payments.payment()
    for reason in ("duplicate", "fraudulent", "unrecognized"):
        staff_driver.do(_dispute, id_, {"state": "lost", "reason": reason})
    page = viewer.get("/staff/disputes").text
    assert "Duplicate" not in page
    older = page.split('rel="next" href="')[1].split('"')[0]
    last = viewer.get(older).text
    assert "Duplicate" in last
    assert 'rel="next"' not in last


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3 * 86400 + 5, "in 3 days"),
        (86400, "in 1 day"),
        (86399, "in 23 hours"),
        (120, "in 2 minutes"),
        (10, "now"),
        (-7200, "2 hours ago"),
    ],
)
def test_a_deadline_is_told_in_the_largest_unit(seconds: int, words: str) -> None:
    assert time_left(NOW + dt.timedelta(seconds=seconds), NOW) == words


def test_a_likely_double_payment_is_proposed_for_a_refund(
    staff_driver: StaffDriver, pair: tuple[str, str]
) -> None:
    page = staff_driver.signed_in("refunder").get("/staff/double-payments").text
    assert f"/staff/payments/{pair[1]}/refunds" in page
    assert "2 minutes" in page


def test_a_double_payment_that_was_refunded_is_proposed_no_more(
    staff_driver: StaffDriver, viewer: Browser, pair: tuple[str, str]
) -> None:
    staff_driver.do(_refund, pair[1])
    assert pair[1] not in viewer.get("/staff/double-payments").text
    assert "Likely paid twice" not in viewer.get(f"/staff/payments/{pair[0]}").text


def test_who_may_not_refund_gets_no_link_to_it(viewer: Browser, pair: tuple[str, str]) -> None:
    page = viewer.get("/staff/double-payments").text
    assert pair[1] in page
    assert "/refunds" not in page


def test_each_of_two_likely_doubles_names_the_other(viewer: Browser, pair: tuple[str, str]) -> None:
    for mine, other in (pair, pair[::-1]):
        page = viewer.get(f"/staff/payments/{mine}").text
        assert "Likely paid twice" in page
        assert other in page


def test_two_payments_an_hour_apart_are_no_mistake(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment(created_at=utcnow() - 60 * MINUTE)
    id_ = stored_payments.payment()
    assert "Likely paid twice" not in viewer.get(f"/staff/payments/{id_}").text


def test_a_disputed_payment_leads_to_the_disputes(
    staff_driver: StaffDriver, viewer: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    staff_driver.do(_dispute, id_, {})
    page = viewer.get(f"/staff/payments/{id_}").text
    assert page.count('href="/staff/disputes"') == 2


def test_an_inquiry_is_no_dispute_and_no_money_is_gone(
    staff_driver: StaffDriver, viewer: Browser, stored_payments: StoredPayments
) -> None:
    asked, disputed = stored_payments.payment(), stored_payments.payment(email="bo@example.com")
    staff_driver.do(_dispute, asked, {"state": "warning_needs_response", "funds": "none"})
    staff_driver.do(_dispute, disputed, {"reason": "product_not_received"})
    listed = viewer.get("/staff/disputes").text
    assert "Inquiry needs response" in listed
    overview = viewer.get("/staff").text
    assert ("Inquiry</a>" in overview, "Dispute</a>" in overview) == (True, True)
    pages = [viewer.get(f"/staff/payments/{id_}").text for id_ in (asked, disputed)]
    assert ["accept that the money is gone" in page for page in pages] == [False, True]
    assert ["no money is gone yet" in page for page in pages] == [True, False]
    opened = [
        viewer.get(link).text
        for page in pages
        for link in set(re.findall(r"/staff/disputes/dsp_\w+", page))
    ]
    assert ["a refund ends it" in page for page in opened] == [True, False]


def test_two_payments_within_a_minute_are_seconds_apart(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    first = utcnow() - 5 * MINUTE
    stored_payments.payment(created_at=first)
    stored_payments.payment(created_at=first + dt.timedelta(seconds=8))
    page = viewer.get("/staff/double-payments").text
    assert re.findall(r'data-label="Apart">([^<]+)<', page) == ["8 s"]
