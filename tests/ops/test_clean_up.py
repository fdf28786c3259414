"""What is over goes after its time, and what is not stays."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.runner import LONGEST_SECONDS
from payments_app.inbound.models import StripeEvent
from payments_app.ops import clean_up
from payments_app.reconcile.models import Run

pytestmark = [pytest.mark.portable, pytest.mark.dialect, pytest.mark.usefixtures("app_context")]
DAY = 86_400


@atomic
def store_event(session: Session, name: str, state: str, days: int) -> None:
    session.add(
        StripeEvent(
            id=name,
            type="payment_intent.succeeded",
            livemode=False,
            state=state,
            created_at=utcnow(),
            received_at=database_now(-days * DAY),
        )
    )


@atomic
def store_run(session: Session, days: int) -> None:
    at = utcnow()
    session.add(Run(since=at, until=at, started_at=database_now(-days * DAY)))


def test_a_run_ends_before_its_thread_is_taken_for_one_that_hangs() -> None:
    assert clean_up.MOST_SECONDS < LONGEST_SECONDS


@pytest.mark.parametrize("batch", [1, 1000])
def test_what_is_over_goes_after_its_time(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(clean_up, "BATCH", batch)
    for name, state, days in (
        ("evt_old", "processed", 91),
        ("evt_older", "ignored", 400),
        ("evt_young", "processed", 89),
        ("evt_waits", "received", 91),
        ("evt_odd", "quarantined", 91),
    ):
        store_event(name, state, days)
    for days in (400, 91, 89):
        store_run(days)
    assert clean_up.clean_up() == 4
    db.session.rollback()
    left = set(db.session.scalars(select(StripeEvent.id).where(StripeEvent.id.like("evt%"))))
    assert left == {"evt_young", "evt_waits", "evt_odd"}
    assert len(db.session.scalars(select(Run)).all()) == 1


def test_what_is_left_when_the_time_is_up_goes_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    store_event("evt_old", "processed", 91)
    monkeypatch.setattr(clean_up, "MOST_SECONDS", -1.0)
    assert clean_up.clean_up() == 0
    monkeypatch.undo()
    assert clean_up.clean_up() == 1
