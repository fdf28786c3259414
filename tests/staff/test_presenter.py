"""What staff read of a payment."""

from __future__ import annotations

from typing import Any

import pytest

from payments_app.core.extensions import db
from payments_app.staff.payments.details import payments
from payments_app.staff.presenter import Payment
from payments_app.staff.zones import business_zone
from tests.staff.stored_payments import DECLINED, Files

pytestmark = pytest.mark.portable


def show(files: Files, transaction_id: str) -> Payment:
    from sqlalchemy import select

    from payments_app.payments.models import Transaction

    with files.app.test_request_context():
        session = db.session()
        version = session.scalar(
            select(Transaction.version).where(Transaction.id == transaction_id)
        )
        return payments(session, [(transaction_id, version)], business_zone())[0]


@pytest.mark.parametrize(
    ("phase", "badge", "css"),
    [
        ("complete", "SUCCESS", "badge badge-success"),
        ("failed", "FAILED", "badge badge-danger"),
        ("canceled", "CANCELED", "badge badge-secondary"),
        ("created", "QUEUED", "badge badge-info"),
        ("processing", "PROCESSING", "badge badge-info"),
        ("requires_action", "WAITS FOR CUSTOMER", "badge badge-warning"),
        ("awaiting_bank", "AT THE BANK", "badge badge-info"),
        ("unknown", "CHECKING WITH STRIPE", "badge badge-warning"),
    ],
)
def test_every_phase_has_its_badge(files: Files, phase: str, badge: str, css: str) -> None:
    payment = show(files, files.payment(phase))
    assert (payment.badge, payment.badge_class) == (badge, css)


@pytest.mark.parametrize("phase", ["created", "requires_action", "awaiting_bank", "unknown"])
def test_what_is_pending_is_never_called_failed(files: Files, phase: str) -> None:
    id_ = files.payment(phase, error_code="api_connection", error_message="Network error")
    payment = show(files, id_)
    assert (payment.error_summary, payment.reason, payment.retry) == ("N/A", None, False)


def test_the_stripe_id_is_cut_to_18_characters(files: Files) -> None:
    id_ = "pi_3MtwBwLkdIwHu7ix28a3tqPa"
    payment = show(files, files.payment(stripe_payment_id=id_))
    assert payment.stripe_id_short == "pi_3MtwBwLkdIwHu7i"


@pytest.mark.parametrize(("live", "path"), [(False, "/test/payments/"), (True, "/payments/")])
def test_the_stripe_link_knows_test_mode(files: Files, *, live: bool, path: str) -> None:
    payment = show(files, files.payment(stripe_payment_id="pi_1", livemode=live))
    assert payment.stripe_url == f"https://dashboard.stripe.com{path}pi_1"


def test_without_a_stripe_id_there_is_no_link(files: Files) -> None:
    payment = show(files, files.payment("created", stripe_payment_id=None))
    assert (payment.stripe_id_short, payment.stripe_url) == ("N/A", None)


def test_a_success_has_no_error_summary_and_no_retry(files: Files) -> None:
    payment = show(files, files.payment())
    assert (payment.error_summary, payment.retry_label) == ("N/A", None)


def test_the_decline_code_comes_first_in_the_error_summary(files: Files) -> None:
    payment = show(files, files.decline())
    assert payment.error_summary == "Insufficient funds: Your card has insufficient funds."


def test_an_error_without_a_code_is_unknown(files: Files) -> None:
    payment = show(files, files.payment("failed"))
    assert payment.error_summary == "Unknown: Unknown error occurred"


@pytest.mark.parametrize(
    ("code", "step", "retry"),
    [
        ("insufficient_funds", "Ask the customer to use another card.", True),
        ("stolen_card", "Do not tell the customer the reason and do not retry.", False),
        ("stop_payment_order", "Ask the customer to call their bank", False),
    ],
)
def test_the_decline_says_the_next_step(files: Files, code: str, step: str, *, retry: bool) -> None:
    payment = show(files, files.decline(error=DECLINED | {"decline_code": code}))
    assert payment.next_step.startswith(step)
    assert (payment.retry_label == "Retry Payment") is retry


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1099, "usd", "$10.99"), (1800, "jpy", "¥1,800"), (10990, "kwd", "KWD\u00a010.990")],
)
def test_an_amount_has_its_currency_s_own_form(
    files: Files, amount: int, currency: str, text: str
) -> None:
    assert show(files, files.payment(amount=amount, currency=currency)).amount == text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""])
def test_a_link_that_a_browser_would_run_is_left_out(files: Files, url: str) -> None:
    assert show(files, files.payment(receipt_url=url)).receipt_url is None
    assert show(files, files.decline(error=DECLINED | {"doc_url": url})).docs_url is None


def test_the_date_is_month_day_year_with_its_zone(files: Files) -> None:
    import datetime as dt

    at = dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.UTC)
    date: Any = show(files, files.payment(created_at=at)).date
    assert date.text == "11/22/2026 02:05 PM UTC"
    assert date.utc == "2026-11-22 14:05:00 UTC"
