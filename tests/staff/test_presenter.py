"""What staff read of a payment."""

from __future__ import annotations

from typing import Any

import pytest

from payments_app.core.extensions import db
from payments_app.staff.payments.details import payments
from payments_app.staff.presenter import Payment
from payments_app.staff.zones import business_zone
from tests.staff.stored_payments import DECLINED, StoredPayments

pytestmark = pytest.mark.portable


def show(stored_payments: StoredPayments, transaction_id: str) -> Payment:
    from sqlalchemy import select

    from payments_app.payments.models import Transaction

    with stored_payments.app.test_request_context():
        session = db.session()
        version = session.scalar(
            select(Transaction.version).where(Transaction.id == transaction_id)
        )
        return payments(session, [(transaction_id, version)], business_zone())[0]


@pytest.mark.parametrize(
    ("phase", "badge", "css"),
    [
        ("complete", "Paid", "badge badge-success"),
        ("failed", "Failed", "badge badge-danger"),
        ("canceled", "Cancelled", "badge badge-secondary"),
        ("created", "Queued", "badge badge-info"),
        ("processing", "Processing", "badge badge-info"),
        ("requires_action", "Waiting for customer", "badge badge-warning"),
        ("awaiting_bank", "Waiting for bank", "badge badge-info"),
        ("unknown", "Checking with Stripe", "badge badge-warning"),
    ],
)
def test_every_phase_has_its_badge(
    stored_payments: StoredPayments, phase: str, badge: str, css: str
) -> None:
    payment = show(stored_payments, stored_payments.payment(phase))
    assert (payment.badge, payment.badge_class) == (badge, css)


@pytest.mark.parametrize("phase", ["created", "requires_action", "awaiting_bank", "unknown"])
def test_what_is_pending_is_never_called_failed(
    stored_payments: StoredPayments, phase: str
) -> None:
    id_ = stored_payments.payment(phase, error_code="api_connection", error_message="Network error")
    payment = show(stored_payments, id_)
    assert (payment.error_summary, payment.reason, payment.retry_label) == ("N/A", None, None)


def test_the_stripe_id_is_cut_to_18_characters(stored_payments: StoredPayments) -> None:
    id_ = "pi_3MtwBwLkdIwHu7ix28a3tqPa"
    payment = show(stored_payments, stored_payments.payment(stripe_payment_id=id_))
    assert payment.stripe_id_short == "pi_3MtwBwLkdIwHu7i"


@pytest.mark.parametrize(("live", "path"), [(False, "/test/payments/"), (True, "/payments/")])
def test_the_stripe_link_knows_test_mode(
    stored_payments: StoredPayments, *, live: bool, path: str
) -> None:
    payment = show(
        stored_payments, stored_payments.payment(stripe_payment_id="pi_1", livemode=live)
    )
    assert payment.stripe_url == f"https://dashboard.stripe.com{path}pi_1"


def test_without_a_stripe_id_there_is_no_link(stored_payments: StoredPayments) -> None:
    payment = show(stored_payments, stored_payments.payment("created", stripe_payment_id=None))
    assert (payment.stripe_id_short, payment.stripe_url) == ("N/A", None)


def test_a_success_has_no_error_summary_and_no_retry(stored_payments: StoredPayments) -> None:
    payment = show(stored_payments, stored_payments.payment())
    assert (payment.error_summary, payment.retry_label) == ("N/A", None)


def test_the_decline_code_comes_first_in_the_error_summary(stored_payments: StoredPayments) -> None:
    payment = show(stored_payments, stored_payments.decline())
    assert payment.error_summary == "Insufficient funds: Your card has insufficient funds."


def test_an_error_without_a_code_is_unknown(stored_payments: StoredPayments) -> None:
    payment = show(stored_payments, stored_payments.payment("failed"))
    assert payment.error_summary == "Unknown: Unknown error occurred"


@pytest.mark.parametrize(
    ("code", "step", "retry"),
    [
        ("insufficient_funds", "Ask the customer to use another card.", True),
        ("stolen_card", "Do not tell the customer the reason and do not retry.", False),
        ("stop_payment_order", "Ask the customer to call their bank", False),
    ],
)
def test_the_decline_says_the_next_step(
    stored_payments: StoredPayments, code: str, step: str, *, retry: bool
) -> None:
    declined = {"error": DECLINED | {"decline_code": code}}
    order = stored_payments.order().id
    payment = show(stored_payments, stored_payments.decline(order_id=order, **declined))
    assert payment.next_step.startswith(step)
    assert (payment.retry_label == "Retry Payment") is retry


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1099, "usd", "$10.99"), (1800, "jpy", "¥1,800"), (10990, "kwd", "KWD\u00a010.990")],
)
def test_an_amount_has_its_currency_s_own_form(
    stored_payments: StoredPayments, amount: int, currency: str, text: str
) -> None:
    assert (
        show(stored_payments, stored_payments.payment(amount=amount, currency=currency)).amount
        == text
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""])
def test_a_link_that_a_browser_would_run_is_left_out(
    stored_payments: StoredPayments, url: str
) -> None:
    assert show(stored_payments, stored_payments.payment(receipt_url=url)).receipt_url is None
    assert (
        show(stored_payments, stored_payments.decline(error=DECLINED | {"doc_url": url})).docs_url
        is None
    )


def test_the_date_is_month_day_year_with_its_zone(stored_payments: StoredPayments) -> None:
    import datetime as dt

    at = dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.UTC)
    date: Any = show(stored_payments, stored_payments.payment(created_at=at)).date
    assert date.text == "11/22/2026 02:05 PM UTC"
    assert date.utc == "2026-11-22 14:05:00 UTC"
