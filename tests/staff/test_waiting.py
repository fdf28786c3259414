"""A payment's page says since when it waits for Stripe, and when it is tried again."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import Message
from tests.accounts.staff_driver import Browser
from tests.staff.stored_payments import StoredPayments

pytestmark = [pytest.mark.portable, pytest.mark.usefixtures("app_context")]
NOON = utcnow().replace(hour=12, minute=0, second=0, microsecond=0) - dt.timedelta(days=1)


def at(minute: int) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minute)


def pending(stored: StoredPayments, phase: str = "processing") -> str:
    return stored.payment(phase, created_at=at(2), phase_at=at(2))


@atomic
def called(session: Session, payment: str, minute: int, verdict: str) -> None:
    entry = history.record(
        session, "stripe", "stripe.create", transaction_id=payment, verdict=verdict
    )
    entry.at = at(minute)


@atomic
def due(session: Session, payment: str, when: dt.datetime, leased: dt.datetime | None) -> None:
    outbox.stage(session, "charge", payment)
    session.execute(
        update(Message)
        .where(Message.subject == payment)
        .values(available_at=when, leased_until=leased)
    )


def next_step(viewer: Browser, payment: str) -> str:
    page = " ".join(viewer.get(f"/staff/payments/{payment}").text.split())
    found = re.search(r"<dt>Next step</dt> <dd> <p>(.*?)</p>", page)
    assert found is not None
    return re.sub(r"\d\d/\d\d/\d{4} ", "", found[1])


def test_it_says_since_when_and_when_it_was_tried_again(
    stored_payments: StoredPayments, viewer: Browser
) -> None:
    payment = pending(stored_payments)
    called(payment, 2, "later")
    called(payment, 3, "later")
    assert next_step(viewer, payment) == (
        "Waiting for Stripe since 12:02:00 PM; tried again at 12:03:00 PM. It goes on by itself. "
        "Don&#39;t charge again."
    )


def test_a_call_that_is_made_now_and_one_that_is_to_come_are_said(
    stored_payments: StoredPayments, viewer: Browser
) -> None:
    payment = pending(stored_payments)
    due(payment, utcnow() + dt.timedelta(hours=1), None)
    assert "since 12:02:00 PM; next try at" in next_step(viewer, payment)
    other = pending(stored_payments, "unknown")
    due(other, at(3), utcnow() + dt.timedelta(minutes=1))
    assert "since 12:02:00 PM; being tried now." in next_step(viewer, other)


def test_what_stripe_answered_before_is_no_part_of_the_wait(
    stored_payments: StoredPayments, viewer: Browser
) -> None:
    payment = stored_payments.payment("unknown", created_at=at(2), phase_at=at(9))
    called(payment, 2, "unknown")
    called(payment, 3, "open")
    called(payment, 9, "unknown")
    assert next_step(viewer, payment).startswith("Waiting for Stripe since 12:09:00 PM. It")


def test_one_that_no_worker_took_up_waits_for_us(
    stored_payments: StoredPayments, viewer: Browser
) -> None:
    words = next_step(viewer, pending(stored_payments, "created"))
    assert words.startswith("Waiting for a worker of ours since 12:02:00 PM.")


def test_one_that_has_just_begun_waits_for_nobody(
    stored_payments: StoredPayments, viewer: Browser
) -> None:
    payment = stored_payments.payment("processing")
    assert next_step(viewer, payment) == "Stripe is charging the card. No action needed."


def test_one_that_waits_for_its_customer_says_so(
    stored_payments: StoredPayments, viewer: Browser, app: Flask
) -> None:
    payment = pending(stored_payments, "requires_action")
    assert next_step(viewer, payment).startswith("The customer must confirm with their bank.")
