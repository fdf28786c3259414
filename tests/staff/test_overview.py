"""The overview says all that needs somebody, each with its next step, its place and who has it; and
is quiet when all is well. Beside it the day, and the same day of the week before."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Finding
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.queues.job_driver import JobDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = [pytest.mark.portable, pytest.mark.alone]
DAY = dt.timedelta(days=1)


@atomic
def dispute(session: Session, transaction_id: str, days: int) -> None:
    row = Dispute(transaction_id=transaction_id, stripe_dispute_id=new_id("dp"), stripe_data={})
    row.state, row.funds, row.reason = "needs_response", "withdrawn", "fraudulent"
    row.amount, row.currency, row.opened_at = 1099, "usd", utcnow()
    row.due_by = utcnow() + days * DAY
    session.add(row)


@atomic
def refund(session: Session, transaction_id: str, state: str) -> None:
    row = Refund(transaction_id=transaction_id, state=state, amount=100, currency="usd")
    row.reason, row.requested_by = "Sent back", "system"
    session.add(row)


@atomic
def finding(session: Session) -> None:
    row = Finding(kind="unknown_payment", subject="pi_1", severity="warning", about_at=utcnow())
    session.add(row)


@atomic
def alert(session: Session) -> None:
    alerts.raise_alert(session, "late", "late:charges", "charges is late: 3 jobs wait")


@dataclass(frozen=True)
class Shown:
    """A line of the list, as a reader sees it."""

    what: str
    step: str
    who: str
    link: str | None
    key: str


class Overview:
    """The page of one member."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    @property
    def text(self) -> str:
        page = re.sub("<[^>]+>", " ", self.browser.get("/staff").text)
        return " ".join(html.unescape(page).split())

    def lines(self) -> list[Shown]:
        page = self.browser.get("/staff").text
        table = page.partition('class="panel work"')[2].partition("</section>")[0]
        return [_shown(row) for row in table.split("<tr>")[2:]]

    def say(self, line: Shown, said: str) -> None:
        self.browser.post("/staff/work", key=line.key, said=said)


def _shown(row: str) -> Shown:
    row = row.replace("<wbr>", "")  # an address may break there
    cells = dict(re.findall(r'<td data-label="([^"]+)"[^>]*>(.*?)</td>', row, re.DOTALL))
    words = {name: " ".join(re.sub("<[^>]+>", " ", cell).split()) for name, cell in cells.items()}
    link = re.search(r'href="([^"]+)"', cells["What"])
    key = re.search(r'name="key" value="([^"]+)"', cells["Who"])
    return Shown(
        words["What"],
        words["Next step"],
        words["Who"],
        html.unescape(link[1]) if link else None,
        html.unescape(key[1]) if key else "",
    )


@pytest.fixture
def overview(staff_driver: StaffDriver) -> Overview:
    return Overview(staff_driver.signed_in("admin"))


def test_the_overview_is_quiet_when_all_is_well(
    overview: Overview, stored_payments: StoredPayments, staff_driver: StaffDriver
) -> None:
    stored_payments.payment()
    stored_payments.decline(email="b@x.co")
    staff_driver.do(refund, stored_payments.payment(email="c@x.co"), "succeeded")
    assert overview.lines() == []
    assert "Nothing: no open dispute, no refund that failed" in overview.text


def test_disputes_stand_first_and_the_nearest_deadline_before_the_others(
    overview: Overview, stored_payments: StoredPayments, staff_driver: StaffDriver
) -> None:
    staff_driver.do(alert)
    late, soon = (stored_payments.payment(email=email) for email in ("ada@x.co", "bob@x.co"))
    staff_driver.do(dispute, late, 9)
    staff_driver.do(dispute, soon, 2)
    first, second, third = overview.lines()
    assert ("bob@x.co" in first.what, "ada@x.co" in second.what) == (True, True)
    assert "Answer the customer's bank with evidence" in html.unescape(first.step)
    assert "/staff/disputes/" in (first.link or "")
    assert third.what == "Alert"


def _refund_failed(staff_driver: StaffDriver, payments: StoredPayments, _: Flask) -> None:
    staff_driver.do(refund, payments.payment(), "failed")


def _paid_twice(_driver: StaffDriver, payments: StoredPayments, _: Flask) -> None:
    for seconds in (0, 30):
        at = utcnow() - dt.timedelta(seconds=seconds)
        payments.payment(email="ada@example.com", created_at=at, ended_at=at)


def _stuck(_driver: StaffDriver, payments: StoredPayments, _: Flask) -> None:
    at = utcnow() - dt.timedelta(hours=1)
    payments.payment("unknown", created_at=at, phase_at=at)


def _dead_job(_driver: StaffDriver, _payments: StoredPayments, app: Flask) -> None:
    with app.app_context():
        JobDriver(app).dead_letter()


def _finding(staff_driver: StaffDriver, _payments: StoredPayments, _: Flask) -> None:
    staff_driver.do(finding)


def _alert(staff_driver: StaffDriver, _payments: StoredPayments, _: Flask) -> None:
    staff_driver.do(alert)


@pytest.mark.parametrize(
    ("happens", "what", "step", "link"),
    [
        (_refund_failed, "Refund failed", "Refund it again, or give the money back", "/payments/"),
        (_paid_twice, "Paid twice?", "Ask the customer, and refund one of the two.", "double"),
        (_stuck, "Stuck", "Look at its timeline, and at the queues.", "/staff/payments/"),
        (_dead_job, "Job given up", "Try it again or discard it.", "/staff/queues/dead/"),
        (_finding, "Books differ", "See the reconciliation page.", "/staff/reconciliation"),
        (_alert, "Alert", "3 jobs wait. Open the alert: it says what to do.", "/staff/alerts"),
    ],
    ids=lambda value: value if isinstance(value, str) and value[0].isupper() else "",
)
def test_what_needs_somebody_has_a_next_step_a_place_and_an_owner(
    overview: Overview,
    stored_payments: StoredPayments,
    staff_driver: StaffDriver,
    app: Flask,
    happens: object,
    what: str,
    step: str,
    link: str,
) -> None:
    stored_payments.payment(email="b@x.co", amount=700)
    assert overview.lines() == []
    assert callable(happens)
    happens(staff_driver, stored_payments, app)
    (line,) = overview.lines()
    assert line.what.startswith(what)
    assert step in line.step
    assert link in (line.link or "")
    assert line.who.startswith("Nobody yet: ")
    assert line.who.endswith("I take it")
    overview.say(line, "take")
    (taken,) = overview.lines()
    assert "Nobody yet" not in taken.who
    assert taken.who.endswith("Done Not ours Give it back")
    overview.say(line, "give_back")
    assert overview.lines() == [line]


@pytest.mark.parametrize("said", ["done", "not_ours"])
def test_what_somebody_answered_is_gone_and_the_rest_stays(
    overview: Overview, stored_payments: StoredPayments, staff_driver: StaffDriver, said: str
) -> None:
    for email in ("ada@example.com", "bob@example.com"):
        staff_driver.do(refund, stored_payments.payment(email=email), "failed")
    first, second = overview.lines()
    overview.say(first, "take")
    overview.say(first, said)
    assert overview.lines() == [second]


def test_the_day_stands_beside_the_same_day_of_the_week_before(
    overview: Overview, stored_payments: StoredPayments, staff_driver: StaffDriver
) -> None:
    today, week_ago = utcnow(), utcnow() - 7 * DAY
    orders = [stored_payments.order().id for _ in range(4)]
    stored_payments.decline(order_id=orders[0])
    paid = stored_payments.payment(order_id=orders[0], amount=2000)
    staff_driver.do(refund, paid, "succeeded")
    stored_payments.payment(order_id=orders[1], amount=4000, created_at=week_ago)
    for order in orders[2:]:
        stored_payments.decline(order_id=order, created_at=week_ago)
    stored_payments.payment(amount=9999, created_at=today - 6 * DAY)
    said = overview.text
    assert "Net $19.00 after today's refunds; all day a week ago $40.00" in said
    assert "Orders paid 100.0 % 1 of those that ended; a week ago 33.3 %" in said
    assert "Attempts paid 50.0 % 1 failed or were cancelled; a week ago 33.3 %" in said
