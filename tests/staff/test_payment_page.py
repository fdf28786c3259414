"""One payment: the timeline, notes, and who may see and do what."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.orm import Session

from payments_app.core.db.ids import new_id, reference
from payments_app.core.db.session import atomic
from payments_app.payments.refunds.models import Refund
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


def test_a_payment_shows_its_reason_and_the_next_step(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.decline(amount=1250, stripe_payment_id="pi_shown")
    page = viewer.get(f"/staff/payments/{id_}").text
    assert "Insufficient funds: Your card has insufficient funds." in page
    assert "Ask the customer to use another card." in page
    for words in ("Failed", "$12.50", "Visa •••• 4242"):
        assert words in page
    assert re.search(r'href="https://dashboard\.stripe\.com/[^"]*pi_shown"', page)


def test_the_page_says_first_what_is_so_what_to_tell_and_what_to_do(
    support: Browser, stored_payments: StoredPayments
) -> None:
    page = support.get(f"/staff/payments/{stored_payments.decline()}").text
    block = page.partition('<dl class="verdict">')[2].partition("</dl>")[0]
    order = ("What happened", "The customer read", "Tell them", "Next step", "Not possible")
    places = [block.index(f"<dt>{name}</dt>") for name in order]
    assert places == sorted(places)
    assert "Nothing was charged." in block
    assert page.index('<dl class="verdict">') < page.index('id="timeline"')


def test_who_takes_a_step_comes_back_to_the_payment(
    staff_driver: StaffDriver, support: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    key = staff_driver.do(_failed_refund, id_)
    page = support.get(f"/staff/payments/{id_}").text
    assert "Nobody has taken it: somebody who may refund does it." in " ".join(page.split())
    answer = support.post(
        "/staff/work", f"/staff/payments/{id_}", key=key, said="take", transaction_id=id_
    )
    assert answer.status_code == 303
    assert answer.location == f"/staff/payments/{id_}"
    page = support.get(answer.location).text
    assert "support@example.com took it." in " ".join(page.split())
    assert "I take it" in page.partition('id="timeline"')[2]


@atomic
def _failed_refund(session: Session, transaction_id: str) -> str:
    refund = Refund(
        transaction_id=transaction_id,
        amount=500,
        currency="usd",
        reason="broken",
        requested_by="system",
        state="failed",
    )
    session.add(refund)
    session.flush()
    return f"refund_failed:{refund.id}"


def test_each_number_can_be_copied(viewer: Browser, stored_payments: StoredPayments) -> None:
    id_ = stored_payments.payment()
    page = viewer.get(f"/staff/payments/{id_}").text
    assert f'data-copy="{id_}"' in page
    assert f'data-copy="{reference(id_)}"' in page


def test_an_unknown_payment_is_not_found(viewer: Browser) -> None:
    assert viewer.get(f"/staff/payments/{new_id('txn')}").status_code == 404


def test_support_reads_stripe_s_request_id_and_time(
    support: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    stored_payments.note_call(id_, request_id="req_123", milliseconds=87, verdict="succeeded")
    page = support.get(f"/staff/payments/{id_}").text
    assert "req_123" in page
    assert "87 ms" in page


def test_a_viewer_reads_no_technical_rows(viewer: Browser, stored_payments: StoredPayments) -> None:
    id_ = stored_payments.payment(stripe_data={"id": "pi_raw"})
    stored_payments.note_call(id_, request_id="req_123")
    page = viewer.get(f"/staff/payments/{id_}").text
    assert "The customer asked to pay $10.99" in page
    assert "req_123" not in page
    assert "pi_raw" not in page


def test_every_attempt_for_the_same_order_is_listed(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order()
    first = stored_payments.decline(order_id=order.id, attempt=1)
    second = stored_payments.payment(order_id=order.id, attempt=2)
    page = viewer.get(f"/staff/payments/{second}").text
    assert "All attempts" in page
    assert reference(first) in page


def test_what_stripe_sent_reads_as_words(support: Browser, stored_payments: StoredPayments) -> None:
    id_ = stored_payments.payment()
    stored_payments.note_call(id_, object={"amount": 3200}, asked=["a", "b"])
    page = support.get(f"/staff/payments/{id_}").text
    assert "amount 3200" in page
    assert "a, b" in page


def test_a_note_is_in_the_timeline_with_its_author(
    support: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    answer = support.post(f"/staff/payments/{id_}/notes", text="They called <b>twice</b>.")
    assert answer.status_code == 303
    page = support.get(f"/staff/payments/{id_}").text
    assert "They called &lt;b&gt;twice&lt;/b&gt;." in page
    assert "support@example.com" in page


@pytest.mark.parametrize(
    "text",
    [
        "the card is 4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242 exp 12/30",
        "ref 99 378282246310005",
        "card:5555.5555.5555.4444",
    ],
)
def test_a_note_with_a_card_number_is_refused(
    support: Browser, stored_payments: StoredPayments, text: str
) -> None:
    answer = support.post(f"/staff/payments/{stored_payments.payment()}/notes", text=text)
    assert answer.status_code == 422
    assert "looks like a card number" in answer.text


def test_a_viewer_may_not_write_and_the_try_is_in_the_history(
    staff_driver: StaffDriver, viewer: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    assert viewer.post(f"/staff/payments/{id_}/notes", text="hello").status_code == 403
    (denial,) = staff_driver.entries("staff.denied")
    assert denial.data["permission"] == "note"
    assert denial.data["request"] == f"POST /staff/payments/{id_}/notes"
    assert staff_driver.entries("staff.note") == []


@pytest.mark.parametrize(
    "path", ["/staff", "/staff/payments", "/staff/audit", "/staff/customers/x"]
)
def test_a_stranger_is_asked_to_sign_in(staff_driver: StaffDriver, path: str) -> None:
    answer = staff_driver.browser().get(path)
    assert answer.status_code == 303
    assert answer.location == f"/staff/login?next={path}"


def test_staff_pages_are_kept_by_no_cache_and_name_no_referrer(viewer: Browser) -> None:
    headers = viewer.get("/staff/payments").headers
    assert headers["Cache-Control"] == "private, no-store, no-cache, must-revalidate"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "stripe.com" not in headers["Content-Security-Policy"]


def test_only_an_admin_reads_the_audit(staff_driver: StaffDriver, support: Browser) -> None:
    assert support.get("/staff/audit").status_code == 403
    page = staff_driver.signed_in("admin").get("/staff/audit").text
    assert "Staff denied" in page
    assert "support@<wbr>example.com" in page


def test_the_overview_counts_today_s_payments(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment(amount=1099)
    stored_payments.payment(amount=2000)
    stored_payments.decline()
    page = viewer.get("/staff").text
    assert "$30.99" in page
    assert "66.7 %" in page
