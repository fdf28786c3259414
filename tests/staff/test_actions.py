"""Retries and refunds as staff ask for them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.accounts.models import StaffSession
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.payments.refunds.models import Refund
from tests.accounts.staff_driver import PASSWORD, Browser, StaffDriver
from tests.bystanders import own
from tests.staff.stored_payments import DECLINED, StoredPayments

pytestmark = pytest.mark.portable


@pytest.fixture
def refunder(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("refunder")


@atomic
def _rows(session: Session, model: Any) -> list[Any]:
    return list(session.scalars(select(model).where(own(model))))


@atomic
def _forget_password(session: Session) -> None:
    session.execute(
        update(StaffSession).where(own(StaffSession)).values(confirmed_at=database_now(-601))
    )


def _ask(browser: Browser, id_: str, **form: str) -> Any:
    """The answer to the confirmation; to the form, where that was refused."""
    page = f"/staff/payments/{id_}/refunds"
    answer = browser.post(page, page, **{"amount": "5.00", "reason": "broken mug", **form})
    hidden = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', answer.text))
    return browser.post(page, page, **hidden) if "reviewed" in hidden else answer


def test_a_refund_is_stored_with_its_message_and_its_reason(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=1099)
    assert _ask(refunder, id_).status_code == 303
    (refund,) = staff_driver.do(_rows, Refund)
    assert (refund.amount, refund.reason, refund.state) == (500, "broken mug", "requested")
    assert [m.subject for m in staff_driver.do(_rows, Message)] == [refund.id]
    page = refunder.get(f"/staff/payments/{id_}").text
    assert "Refund pending" in page
    assert "$5.00 not confirmed by Stripe yet, $5.99 kept" in page
    assert "broken mug" in page


@pytest.mark.parametrize("amount", ["11.00", "0", "-1", "5.005", "five", ""])
def test_an_amount_that_can_not_be_refunded_is_said_and_kept(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments, amount: str
) -> None:
    answer = _ask(refunder, stored_payments.payment(amount=1099), amount=amount)
    assert answer.status_code == 422
    assert "broken mug" in answer.text
    assert staff_driver.do(_rows, Refund) == []


def test_an_amount_in_yen_has_no_cents(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=1800, currency="jpy")
    assert _ask(refunder, id_, amount="1800").status_code == 303
    assert [refund.amount for refund in staff_driver.do(_rows, Refund)] == [1800]


def test_a_refund_asks_for_the_password_again(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    address = f"/staff/payments/{stored_payments.payment()}/refunds"
    staff_driver.do(_forget_password)
    answer = refunder.get(address)
    assert answer.location == f"/staff/confirm?next={address}"
    answer = refunder.post("/staff/confirm", password=PASSWORD, next=address)
    assert answer.location == address
    assert refunder.get(address).status_code == 200


def test_without_the_password_nothing_is_refunded(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    staff_driver.do(_forget_password)
    form = {"amount": "5", "reason": "x", "key": "k"}
    answer = refunder.post(f"/staff/payments/{id_}/refunds", **form)
    assert answer.location.startswith("/staff/confirm")
    assert staff_driver.do(_rows, Refund) == []


@pytest.mark.parametrize("role", ["viewer", "support", "exporter"])
def test_only_a_refunder_may_refund(
    staff_driver: StaffDriver, stored_payments: StoredPayments, role: str
) -> None:
    id_ = stored_payments.payment()
    browser = staff_driver.signed_in(role)
    form = {"amount": "5", "reason": "x", "key": "k"}
    assert browser.get(f"/staff/payments/{id_}/refunds").status_code == 403
    assert browser.post(f"/staff/payments/{id_}/refunds", **form).status_code == 403
    assert staff_driver.do(_rows, Refund) == []
    assert len(staff_driver.entries("staff.denied")) == 2


def test_the_list_finds_what_was_refunded(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=1099)
    stored_payments.payment(amount=2222)
    _ask(refunder, id_)

    @atomic
    def succeed(session: Session) -> None:
        session.scalars(select(Refund).where(own(Refund))).one().state = "succeeded"

    staff_driver.do(succeed)
    page = refunder.get("/staff/payments?status=refunded").text
    assert "Partly refunded" in page
    assert "$5.99 kept" in page
    assert "$5.00 refunded" not in page  # the list has room for one amount beside the status
    assert "$22.22" not in page


@pytest.mark.parametrize("state", ["failed", "canceled"])
def test_a_refund_that_gave_nothing_back_is_said_with_its_payment(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments, state: str
) -> None:
    id_ = stored_payments.payment(amount=1099)
    _ask(refunder, id_)

    @atomic
    def end(session: Session) -> None:
        session.scalars(select(Refund).where(own(Refund))).one().state = state

    staff_driver.do(end)
    page = refunder.get("/staff/payments").text
    assert "Refund failed" in page
    assert "$5.00 did not arrive" in page
    assert "No action needed" not in refunder.get(f"/staff/payments/{id_}").text


def test_what_stripe_said_is_text_on_the_page(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    """Read as it was written, and never as markup."""
    said = {"type": "card_error", "code": "odd", "message": "Not <b>today</b> & never"}
    page = refunder.get(f"/staff/payments/{stored_payments.decline(error=said)}")
    assert page.status_code == 200
    assert "Not &lt;b&gt;today&lt;/b&gt; &amp; never" in page.text
    assert "<b>today</b>" not in page.text


def test_a_refund_shows_in_a_customer_s_panel_at_the_next_load(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=1099)
    address = f"/staff/customers/{stored_payments.customer_id()}"
    assert "REFUND" not in refunder.get(address).text
    _ask(refunder, id_)
    assert "Refund pending" in refunder.get(address).text


def test_a_retry_asks_before_it_is_made(support: Browser, stored_payments: StoredPayments) -> None:
    order = stored_payments.order()
    id_ = stored_payments.decline(
        order_id=order.id, payment_method="pm_1", stripe_customer_id="cus_1", amount=1099
    )
    page = support.get(f"/staff/payments/{id_}/retries").text
    assert "Are you sure you want to retry this payment?" in page
    for words in ("Visa ending in 4242", "$10.99", "number 2"):
        assert words in page


def test_a_retry_is_a_message_with_its_asker_in_the_history(
    staff_driver: StaffDriver, support: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order()
    id_ = stored_payments.decline(
        order_id=order.id, payment_method="pm_1", stripe_customer_id="cus_1"
    )
    answer = support.post(f"/staff/payments/{id_}/retries")
    assert answer.status_code == 303
    assert [(m.command, m.subject) for m in staff_driver.do(_rows, Message)] == [("retry", id_)]
    (entry,) = staff_driver.entries("retry.requested")
    assert entry.actor.startswith("stf_")


def test_without_a_saved_card_staff_get_a_link(
    support: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order()
    id_ = stored_payments.decline(order_id=order.id)
    page = support.post(f"/staff/payments/{id_}/retries").text
    assert f"/checkout/{order.id}" in page


def test_where_a_retry_makes_no_sense_a_sentence_says_why(
    support: Browser, stored_payments: StoredPayments
) -> None:
    stolen = stored_payments.decline(error=DECLINED | {"decline_code": "stolen_card"})
    page = support.get(f"/staff/payments/{stolen}").text
    assert "No retry:" in page
    answer = support.post(f"/staff/payments/{stolen}/retries")
    assert answer.status_code == 409
    assert "must not be retried" in answer.text


def test_a_viewer_may_not_retry(
    staff_driver: StaffDriver, viewer: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.decline()
    assert viewer.post(f"/staff/payments/{id_}/retries").status_code == 403
    assert staff_driver.do(_rows, Message) == []


def test_the_refund_s_amount_does_not_land_in_the_search_box(
    refunder: Browser, stored_payments: StoredPayments
) -> None:
    page = refunder.get(f"/staff/payments/{stored_payments.payment(amount=1099)}/refunds").text
    assert page.count('value="10.99"') == 1
