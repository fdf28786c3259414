"""What is wrong right now is said on every staff page, and which payments it touched afterwards."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.accounts.models import StaffSession
from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.ids import reference
from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import Message
from payments_app.gateway import breaker
from payments_app.ops import incident, late_work
from payments_app.ops.incident import Incident, measure
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from tests.accounts.staff_driver import StaffDriver
from tests.queues.job_driver import JobDriver
from tests.reconcile.books import execute
from tests.staff.stored_payments import StoredPayments

pytestmark = [
    pytest.mark.portable,
    pytest.mark.alone,
    pytest.mark.usefixtures("app_context"),
]


@pytest.fixture
def payments(app: Flask) -> StoredPayments:
    return StoredPayments(app)


@pytest.fixture(autouse=True)
def measured_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incident, "MEASURED_EVERY", 0.0)


@atomic
def _now(session: Session) -> Incident | None:
    return measure(session)


@atomic
def _called(
    session: Session,
    transaction_id: str | None,
    verdict: str,
    milliseconds: int = 400,
    message: str | None = None,
    what: str = "stripe.create",
) -> None:
    history.record(
        session,
        "stripe",
        what,
        transaction_id=transaction_id,
        verdict=verdict,
        milliseconds=milliseconds,
        message=message,
    )


def waiting(payments: StoredPayments, phase: str = "processing", seconds: float = 60) -> str:
    """A payment that has been in this phase for so long."""
    at = utcnow() - dt.timedelta(seconds=seconds)
    return payments.payment(phase, created_at=at, phase_at=at)


@atomic
def _lease(session: Session, subject: str) -> None:
    held = update(Message).where(Message.subject == subject)
    session.execute(held.values(leased_until=database_now(30)))


def test_nothing_is_wrong_while_charges_take_their_time(payments: StoredPayments) -> None:
    waiting(payments, seconds=2)
    _called(None, "succeeded")
    assert _now() is None


def test_who_waits_for_their_bank_waits_for_nobody_of_ours(payments: StoredPayments) -> None:
    waiting(payments, "requires_action", 600)
    waiting(payments, "awaiting_bank", 600)
    _called(None, "later")
    assert _now() is None


def test_stripe_that_does_not_answer_is_said_with_who_waits_and_since_when(
    payments: StoredPayments,
) -> None:
    waiting(payments, seconds=60)
    oldest = waiting(payments, "unknown", 90)
    for _ in range(breaker.FAILURES):
        breaker.report(reached=False)
    found = _now()
    assert found is not None
    assert (found.kind, found.payments, found.customers) == ("down", 2, 1)
    assert found.oldest == _created_at(oldest)
    assert found.next_at is not None
    _pass_the_try()
    later = _now()
    assert later is not None
    assert (later.kind, later.next_at) == ("down", None)


@atomic
def _pass_the_try(session: Session) -> None:
    """Nobody has called Stripe since the breaker would let a call through."""
    session.execute(update(breaker.Breaker).values(open_until=database_now(-60)))


@atomic
def _created_at(session: Session, transaction_id: str) -> dt.datetime:
    return session.get_one(Transaction, transaction_id).created_at


def test_it_is_gone_as_soon_as_stripe_answers(payments: StoredPayments) -> None:
    waiting(payments)
    for _ in range(breaker.FAILURES):
        breaker.report(reached=False)
    breaker.report(reached=True)
    assert _now() is None


@pytest.mark.parametrize(
    ("verdict", "kind", "goes_on"),
    [
        ("misconfigured", "refuses", "by itself once this is corrected."),
        ("unknown", "errors", "by itself."),
        ("later", "errors", "by itself."),
    ],
)
@pytest.mark.parametrize("message", ["Expired API Key", "Expired API Key."])
def test_calls_that_bring_nothing_while_a_payment_waits_are_an_incident(
    payments: StoredPayments, verdict: str, kind: str, goes_on: str, message: str
) -> None:
    _called(waiting(payments), verdict, message=message)
    found = _now()
    assert found is not None
    assert found.kind == kind
    assert found.what.endswith(": Expired API Key.")
    assert f"All of it goes on {goes_on} " in found.by_itself


@pytest.mark.parametrize("milliseconds", ["abc", "12.5", [1], {"ms": 1}])
def test_a_call_whose_time_can_t_be_read_takes_no_page_down(
    payments: StoredPayments, milliseconds: Any
) -> None:
    _called(waiting(payments), "unknown", milliseconds)
    found = _now()
    assert found is not None
    assert found.kind == "errors"


def test_what_is_wrong_names_no_card_by_its_id_at_stripe(payments: StoredPayments) -> None:
    said = (
        "No such PaymentMethod: 'pm_1AbCdEfGhIjKlMnOpQrStUvW'; a similar object exists in live mode"
    )
    _called(waiting(payments), "misconfigured", message=said)
    found = _now()
    assert found is not None
    assert "No such PaymentMethod: 'pm_[cut]'" in found.what
    assert "pm_1AbC" not in found.what


def test_it_is_gone_once_most_of_the_last_calls_were_answered(payments: StoredPayments) -> None:
    paid = waiting(payments)
    _called(paid, "unknown")
    _called(None, "declined")
    assert _now() is None


def test_a_failed_call_for_which_no_payment_waits_is_none(payments: StoredPayments) -> None:
    _called(payments.payment(), "unknown")
    assert _now() is None


def test_slow_answers_are_an_incident(payments: StoredPayments) -> None:
    for milliseconds in (400, 5000, 6000):
        _called(None, "succeeded", milliseconds)
    found = _now()
    assert found is not None
    assert (found.kind, found.payments) == ("slow", 0)


@pytest.mark.parametrize(("seconds", "kind"), [(15, "slow"), (21, None)])
def test_slow_answers_are_forgotten_within_the_seconds_in_which_a_page_must_say_so(
    seconds: float, kind: str | None
) -> None:
    for _ in range(3):
        _answered_slowly(seconds)
    found = _now()
    assert (found.kind if found else None) == kind


@atomic
def _answered_slowly(session: Session, ago: float) -> None:
    at = utcnow() - dt.timedelta(seconds=ago)
    told = {"verdict": "succeeded", "milliseconds": 6000}
    session.add(HistoryEntry(kind="stripe", what="stripe.create", at=at, data=told, actor="system"))


def test_a_charge_that_is_not_answered_for_long_is_an_incident(
    payments: StoredPayments, job_driver: JobDriver
) -> None:
    paid = waiting(payments, seconds=10)
    job_driver.stage("charge", paid)
    assert _now() is None
    _lease(paid)
    found = _now()
    assert found is not None
    assert (found.kind, found.payments) == ("slow", 1)


def test_a_queue_of_ours_that_is_late_is_an_incident(job_driver: JobDriver) -> None:
    job_driver.stage("charge", "txn_1")
    _due_since("charge", 10)
    found = _now()
    assert found is not None
    assert found.kind == "late"
    assert "charges is late: 1 job waits, the oldest for 10 s" in found.what
    assert "Is the worker of charges running?" in found.what
    assert "by itself when its queue does" in found.by_itself


def test_a_late_queue_says_whom_it_touches_and_how_old_the_oldest_job_is(
    payments: StoredPayments, job_driver: JobDriver, staff_driver: StaffDriver
) -> None:
    late, on_time = payments.payment(email="ada@example.com"), payments.payment(email="b@x.co")
    refund = staff_driver.do(_refund, late, "requested")
    job_driver.stage("ledger.post_capture", late)
    job_driver.stage("ledger.post_refund", refund)
    _due_since("ledger.post_capture", 20)
    _due_since("ledger.post_refund", 10)
    job_driver.stage("notices.receipt", on_time)
    found = _now()
    assert found is not None
    assert (found.kind, found.payments, found.customers) == ("late", 1, 1)
    assert found.oldest is not None
    assert 19 < (utcnow() - found.oldest).total_seconds() < 30
    _raise("late", "late:payment_critical")
    page = " ".join(staff_driver.signed_in("support").get("/staff/incident").text.split())
    assert "It touches 1 payment of 1 customer: the oldest job waits since" in page
    assert 'href="/staff/incidents/1">Which they are</a>' in page
    assert "Which they are" not in staff_driver.signed_in("viewer").get("/staff/incident").text


def test_afterwards_a_late_queue_lists_whom_it_touched_and_whether_their_jobs_are_done(
    payments: StoredPayments, job_driver: JobDriver, staff_driver: StaffDriver
) -> None:
    emails = ("ada@example.com", "b@x.co", "c@x.co", "d@x.co")
    late, on_time, elsewhere, waits = (payments.payment(email=email) for email in emails)
    for id_ in (late, on_time, waits):
        job_driver.stage("ledger.post_capture", id_)
    job_driver.stage("notices.receipt", elsewhere)
    _raise("late", "late:payment_critical")
    _ended(late, waited=20)
    _ended(on_time, waited=1)
    _ended(elsewhere, waited=20)
    _due_since_of(waits, 40)
    browser = staff_driver.signed_in("admin")

    def page() -> str:
        found = browser.get("/staff/incidents/1").text
        return " ".join(re.sub("<[^>]+>", "", found).split())

    said = page()
    shown = [reference(id_) in said for id_ in (late, on_time, elsewhere, waits)]
    assert shown == [True, False, False, True]
    assert "2 jobs waited too long: 1 is done, 1 still waits, 0 are dead." in said
    assert "Nothing is left to do" not in said
    _ended(waits, waited=40)
    said = page()
    assert "2 jobs waited too long: 2 are done, 0 still wait, 0 are dead." in said
    assert "Nothing is left to do" in said


def test_a_late_queue_with_more_jobs_than_are_looked_at_says_so(
    payments: StoredPayments,
    job_driver: JobDriver,
    staff_driver: StaffDriver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Now and afterwards, and what was not looked at is not said to be done."""
    for email in ("ada@example.com", "b@x.co"):
        job_driver.stage("ledger.post_capture", payments.payment(email=email))
    _due_since("ledger.post_capture", 20)
    _raise("late", "late:payment_critical")
    browser = staff_driver.signed_in("admin")

    def said(path: str) -> str:
        return " ".join(re.sub("<[^>]+>", "", browser.get(path).text).split())

    assert "It touches 2 payments of 2 customers" in said("/staff/incident")
    assert "There were more." not in said("/staff/incidents/1")
    monkeypatch.setattr(late_work, "MOST_NOW", 1)
    monkeypatch.setattr(late_work, "MOST_THEN", 1)
    assert "It touches at least 1 payment of 1 customer" in said("/staff/incident")
    done = update(Message).where(Message.command == "ledger.post_capture")
    execute(done.values(done_at=database_now()))
    page = said("/staff/incidents/1")
    assert "These are of the first 1 jobs of that time. There were more." in page
    assert "Nothing is left to do" not in page


@atomic
def _ended(session: Session, subject: str, waited: float) -> None:
    """Its job was done just now, so many seconds after it was due."""
    session.execute(
        update(Message)
        .where(Message.subject == subject)
        .values(available_at=database_now(-waited), done_at=database_now())
    )


@atomic
def _due_since_of(session: Session, subject: str, seconds: float) -> None:
    late = update(Message).where(Message.subject == subject)
    session.execute(late.values(available_at=database_now(-seconds)))


def test_a_merchant_whom_stripe_refuses_is_no_incident_of_everybody(
    payments: StoredPayments,
) -> None:
    waiting(payments, "unknown", 600)
    theirs = payments.payment("failed")
    for _ in range(5):
        _called(theirs, "misconfigured", message="This account may not charge.")
    assert _now() is None
    _called(waiting(payments), "misconfigured", message="Expired API Key")
    assert _now() is not None


@atomic
def _due_since(session: Session, command: str, seconds: float) -> None:
    late = update(Message).where(Message.command == command)
    session.execute(late.values(available_at=database_now(-seconds)))


@pytest.mark.parametrize("path", ["/staff", "/staff/payments", "/staff/alerts", "/staff/incident"])
def test_the_banner_is_on_every_page(
    payments: StoredPayments, staff_driver: StaffDriver, path: str
) -> None:
    browser = staff_driver.signed_in("support")
    assert "Stripe does not answer." not in browser.get(path).text
    waiting(payments)
    for _ in range(breaker.FAILURES):
        breaker.report(reached=False)
    page = browser.get(path).text
    assert "Stripe does not answer." in page
    assert "1 payment waits" in " ".join(page.split())
    assert "Nobody is charged twice." in page


def test_the_banner_of_a_page_that_is_left_open_keeps_nobody_signed_in(
    staff_driver: StaffDriver,
) -> None:
    browser = staff_driver.signed_in("support")
    _idle(20)
    assert browser.get("/staff/incident").status_code == 200
    _idle(15)
    assert browser.get("/staff/payments").status_code == 303


@atomic
def _idle(session: Session, minutes: float) -> None:
    """Time passes for whoever is signed in."""
    for row in session.scalars(select(StaffSession)):
        row.seen_at -= dt.timedelta(minutes=minutes)


def test_afterwards_the_incident_lists_the_payments_that_it_touched(
    payments: StoredPayments, staff_driver: StaffDriver
) -> None:
    touched, other = payments.payment(email="ada@example.com"), payments.payment(email="b@x.co")
    in_part = payments.payment(amount=2500, amount_received=1500)
    _raise("breaker_open", "breaker:stripe")
    _called(touched, "unknown")
    _called(in_part, "unknown")
    _called(other, "succeeded")
    browser = staff_driver.signed_in("admin")
    (link,) = [
        line.partition('href="')[2].partition('"')[0]
        for line in browser.get("/staff/alerts").text.splitlines()
        if "/staff/incidents/" in line
    ]
    page = browser.get(link).text
    assert reference(touched) in page
    assert reference(other) not in page
    assert "$15.00 of $25.00 captured" in page
    assert "2 were paid, 0 failed, none is pending." in " ".join(page.split())


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("succeeded", "1 refund waited as well: each was made once."),
        ("requested", "1 refund waited as well: one that is on its way goes on by itself"),
    ],
)
def test_the_refunds_that_it_touched_are_listed_too(
    payments: StoredPayments, staff_driver: StaffDriver, state: str, says: str
) -> None:
    yesterday = utcnow() - dt.timedelta(days=1)
    refunded, other = (
        payments.payment(email=email, created_at=yesterday, ended_at=yesterday)
        for email in ("ada@example.com", "b@x.co")
    )
    for id_ in (refunded, other):
        staff_driver.do(_refund, id_, state)
    _raise("breaker_open", "breaker:stripe")
    _called(refunded, "unknown", what="stripe.refund_create")
    _called(other, "succeeded", what="stripe.refund_create")
    browser = staff_driver.signed_in("admin")
    (link,) = set(re.findall(r"/staff/incidents/\d+", browser.get("/staff/alerts").text))
    page = " ".join(browser.get(link).text.split())
    assert (reference(refunded) in page, reference(other) in page) == (True, False)
    assert "No payment was touched." in page
    assert says in " ".join(re.sub("<[^>]+>", "", page).split())


def test_where_no_incident_was_none_is_said(staff_driver: StaffDriver) -> None:
    page = staff_driver.signed_in("admin").get("/staff/alerts?incidents=1").text
    assert "No incidents yet." in page


def test_an_alert_that_is_no_incident_has_no_such_page(staff_driver: StaffDriver) -> None:
    _raise("refund_waits", "refund_waits:x")
    browser = staff_driver.signed_in("admin")
    assert "/staff/incidents/" not in browser.get("/staff/alerts").text
    for path in ("/staff/incidents/1", f"/staff/incidents/{2**64}"):
        assert browser.get(path).status_code == 404


@atomic
def _refund(session: Session, transaction_id: str, state: str) -> str:
    refund = Refund(
        transaction_id=transaction_id,
        state=state,
        amount=100,
        currency="usd",
        reason="Sent back",
        requested_by="system",
    )
    session.add(refund)
    session.flush()
    return refund.id


@atomic
def _raise(session: Session, kind: str, key: str) -> None:
    alerts.raise_alert(session, kind, key, "Look")
