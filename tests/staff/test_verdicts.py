"""What staff read is what is so: one status, the next step, and no link that refuses on click."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import Refund
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.staff.stored_payments import DECLINED, StoredPayments

pytestmark = pytest.mark.portable
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def refunder(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("refunder")


@atomic
def _refund(session: Session, transaction_id: str, values: dict[str, Any]) -> str:
    given = {"amount": 500, "currency": "usd", "reason": "broken", "requested_by": "system"}
    refund = Refund(transaction_id=transaction_id, **(given | values))
    session.add(refund)
    session.flush()
    return refund.id


@atomic
def _dispute(session: Session, transaction_id: str) -> None:
    session.add(
        Dispute(
            transaction_id=transaction_id,
            stripe_dispute_id=new_id("dp"),
            state="needs_response",
            funds="withdrawn",
            reason="fraudulent",
            amount=1099,
            currency="usd",
            due_by=dt.datetime(2099, 1, 2, 12, tzinfo=dt.UTC),
            stripe_data={},
            opened_at=utcnow(),
        )
    )


def test_a_disputed_payment_says_what_to_do_until_when_and_offers_no_refund(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    staff_driver.do(_dispute, id_)
    page = refunder.get(f"/staff/payments/{id_}").text
    assert "Disputed" in page
    assert "All disputes" in page
    assert "Answer the customer's bank" in page.replace("&#39;", "'")
    assert "01/02/2099" in page
    assert f"/staff/payments/{id_}/refunds" not in page
    form = refunder.get(f"/staff/payments/{id_}/refunds").text
    assert "The bank has taken the money back" in form
    assert 'name="amount"' not in form


def test_list_search_and_file_say_the_same_status(
    staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    staff_driver.do(_refund, id_, {"state": "failed"})
    admin = staff_driver.signed_in("admin")
    pages = (
        "/staff",
        "/staff/payments",
        "/staff/payments?status=attention",
        f"/staff/payments?q={id_}",
        f"/staff/customers/{stored_payments.customer_id()}",
        f"/staff/payments/{id_}",
    )
    for page in pages:
        assert "refund failed" in admin.get(page).text.lower(), page
    file = admin.get("/staff/payments.csv").text
    assert "Refund failed" in file


def test_a_payment_without_a_dispute_leads_to_no_list_of_them(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    staff_driver.do(_refund, id_, {"state": "failed"})
    page = refunder.get(f"/staff/payments/{id_}").text
    assert "Refunds and disputes" in page
    assert "All disputes" not in page


def test_an_attempt_whose_order_is_paid_offers_no_retry(
    support: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order().id
    failed = stored_payments.decline(order_id=order)
    assert "/retries" in support.get(f"/staff/payments/{failed}").text
    stored_payments.payment(order_id=order, attempt=2)
    page = support.get(f"/staff/payments/{failed}").text
    assert "/retries" not in page
    assert "Another attempt succeeded. There is nothing to retry." in page


def test_a_decline_says_what_the_customer_read_and_when_a_retry_makes_sense(
    support: Browser, stored_payments: StoredPayments
) -> None:
    later = DECLINED | {"decline_code": "try_again_later"}
    order = stored_payments.order().id
    page = support.get(
        f"/staff/payments/{stored_payments.decline(error=later, order_id=order)}"
    ).text
    assert "A temporary problem stopped this payment. Try again." in page
    assert "Once, 1 hour after it failed" in page


@pytest.mark.parametrize("path", ["/staff/payments/txn_nobody", "/staff/no-such-page"])
def test_what_is_not_there_is_said_on_a_page_of_staff(viewer: Browser, path: str) -> None:
    answer = viewer.get(path)
    assert answer.status_code == 404
    assert "Back to the overview" in answer.text
    assert "shop" not in answer.text.lower()


def test_what_a_member_may_not_do_is_said_on_a_page_of_staff(viewer: Browser) -> None:
    answer = viewer.get("/staff/alerts")
    assert answer.status_code == 403
    assert "Ask an administrator" in answer.text
    assert "shop" not in answer.text.lower()
    assert "/staff/payments" in answer.text


def test_every_attempt_can_be_reached(viewer: Browser, stored_payments: StoredPayments) -> None:
    order = stored_payments.order().id
    ids = [stored_payments.decline(order_id=order, attempt=n + 1) for n in range(53)]
    page = viewer.get(f"/staff/payments/{ids[-1]}").text
    assert f"/staff/payments/{ids[0]}" not in page
    earlier = re.search(r'href="([^"]+attempts_before=\d+)"', page)
    assert earlier
    rest = viewer.get(earlier[1].replace("&amp;", "&")).text
    assert all(f"/staff/payments/{id_}" in rest for id_ in ids[:3])


def test_a_colleague_s_refund_of_a_moment_ago_is_told_before_the_next(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    bob = staff_driver.member("bob@example.com", "refunder")
    staff_driver.do(_refund, id_, {"state": "requested", "requested_by": bob})
    address = f"/staff/payments/{id_}/refunds"
    warning = "bob@example.com asked for a refund of $5.00 just now: broken"
    assert warning in refunder.get(address).text
    assert warning in refunder.post(address, address, amount="1.00", reason="late").text


@pytest.mark.parametrize(
    ("phase", "minutes", "stuck"),
    [
        ("unknown", 20, True),
        ("requires_action", 20, False),
        ("requires_action", 50, True),
        ("awaiting_bank", 5000, False),
    ],
)
def test_who_is_at_their_bank_is_not_stuck(
    viewer: Browser, stored_payments: StoredPayments, phase: str, minutes: int, *, stuck: bool
) -> None:
    began = utcnow() - minutes * MINUTE
    id_ = stored_payments.payment(phase, created_at=began, phase_at=began)
    assert (id_ in viewer.get("/staff/payments?status=stuck").text) is stuck
    assert ("none for over 15 minutes" in viewer.get("/staff").text) is not stuck


@pytest.fixture
def pair(stored_payments: StoredPayments) -> tuple[str, str]:
    first = stored_payments.payment(created_at=utcnow() - 3 * MINUTE, description="A mug")
    return first, stored_payments.payment(created_at=utcnow() - MINUTE, description="Two mugs")


def test_a_double_that_was_dismissed_stays_dismissed(
    support: Browser, pair: tuple[str, str]
) -> None:
    page = "/staff/double-payments"
    assert "A mug" in support.get(page).text
    key = f"double:{pair[0]}:{pair[1]}"
    answer = support.post("/staff/work", page, key=key, said="not_ours", back="doubles")
    assert answer.location == page
    assert pair[1] not in support.get(page).text
    assert "Likely paid twice" not in support.get(f"/staff/payments/{pair[0]}").text
    assert pair[1] not in support.get("/staff").text.partition("Newest failures")[0]


def test_a_double_is_refunded_in_two_steps(
    staff_driver: StaffDriver, refunder: Browser, pair: tuple[str, str]
) -> None:
    page = refunder.get("/staff/double-payments").text
    link = re.search(r'href="(/staff/payments/[^"]+/refunds\?double=[^"]+)"', page)
    assert link
    review = refunder.get(link[1])
    assert "You refund $10.99 of $10.99" in review.text
    hidden = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', review.text))
    path = f"/staff/payments/{pair[1]}/refunds"
    assert refunder.post(path, path, **hidden).status_code == 303

    @atomic
    def made(session: Session) -> list[tuple[str, int, str | None]]:
        rows = session.scalars(select(Refund).where(own(Refund)))
        return [(row.transaction_id, row.amount, row.stripe_reason) for row in rows]

    assert staff_driver.do(made) == [(pair[1], 1099, "duplicate")]


def test_the_overview_says_what_needs_somebody_and_who_took_it(
    staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    refund = staff_driver.do(_refund, id_, {"state": "failed"})
    support = staff_driver.signed_in("support")
    assert "I take it" in support.get("/staff").text
    key = f"refund_failed:{refund}"
    assert support.post("/staff/work", "/staff", key=key, said="take").status_code == 303
    page = support.get("/staff").text
    assert "support@example.com" in page.partition("What needs somebody")[2]
    support.post("/staff/work", "/staff", key=key, said="done")
    assert id_ not in support.get("/staff").text


def test_a_viewer_may_not_say_who_deals_with_it(viewer: Browser) -> None:
    assert viewer.post("/staff/work", "/staff", key="x", said="take").status_code == 403


def test_an_alert_names_people_and_leads_to_its_payment(
    staff_driver: StaffDriver, support: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(email="grace@example.org")

    @atomic
    def warn(session: Session) -> int:
        words = f"{id_}: look at it"
        alerts.raise_alert(session, "mismatch", f"mismatch:{id_}", words, transaction_id=id_)
        return session.scalars(select(Alert.id).where(Alert.key == f"mismatch:{id_}")).one()

    number = staff_driver.do(warn)
    page = support.get("/staff/alerts").text
    assert f'href="/staff/payments/{id_}"' in page
    assert "grace@example.org" in page
    support.post(f"/staff/alerts/{number}/acknowledgements", "/staff/alerts")
    past = support.get("/staff/alerts?acknowledged=1").text
    assert "support@example.com" in past.partition("<tbody>")[2]


def test_the_overview_counts_orders_beside_attempts_and_what_was_given_back(
    staff_driver: StaffDriver, viewer: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order().id
    stored_payments.decline(order_id=order)
    paid = stored_payments.payment(order_id=order, attempt=2)
    stored_payments.decline(order_id=stored_payments.order().id)
    staff_driver.do(_refund, paid, {"state": "succeeded", "amount": 99})
    page = " ".join(re.sub("<[^>]+>", " ", viewer.get("/staff").text).split())
    assert "Net $10.00 after today's refunds; all day a week ago nothing" in page.replace(
        "&#39;", "'"
    )
    assert "Orders paid 50.0 % 1 of those that ended; a week ago" in page
    assert "Attempts paid 33.3 % 2 failed or were cancelled; a week ago" in page


def test_who_may_only_look_is_led_to_the_dispute_too(
    viewer: Browser, stored_payments: StoredPayments, staff_driver: StaffDriver
) -> None:
    disputed, other = stored_payments.payment(), stored_payments.payment()
    staff_driver.do(_dispute, disputed)
    pages = [viewer.get(f"/staff/payments/{each}").text for each in (disputed, other)]
    assert ["See the dispute" in page for page in pages] == [True, False]
    assert "I take it" not in pages[0]
