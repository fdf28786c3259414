"""An alert closes when its cause is gone."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.ops.causes import close_gone
from payments_app.ops.diagnosis import Trouble
from payments_app.payments.models import Transaction
from payments_app.reconcile.models import Finding
from tests.bystanders import own
from tests.queues.job_driver import JobDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
LATE = Trouble("late:charges", "charges is late", "Is its worker running?", critical=True)


@atomic
def _alert(session: Session, kind: str, key: str, transaction_id: str | None = None) -> None:
    about = {"transaction_id": transaction_id} if transaction_id else {}
    alerts.raise_alert(session, kind, key, "Look", **about)


@atomic
def _open(session: Session) -> list[str]:
    query = select(Alert.key).where(own(Alert), Alert.acknowledged_at.is_(None))
    return list(session.scalars(query.order_by(Alert.key)))


@atomic
def _find(session: Session, kind: str, subject: str) -> None:
    about = {"severity": "critical", "about_at": database_now()}
    session.add(Finding(kind=kind, subject=subject, **about))


@atomic
def _resolve(session: Session) -> None:
    gone = {"resolved_at": database_now(), "resolution": "gone", "resolved_by": "system"}
    session.execute(update(Finding).where(own(Finding)).values(gone))


def test_a_queue_that_is_in_time_again_is_no_alert(job_driver: JobDriver) -> None:
    _alert("late", LATE.key)
    assert close_gone([LATE]) == 0
    assert _open() == ["late:charges"]
    assert close_gone([]) == 1
    assert _open() == []


def test_who_closed_it_is_the_system(job_driver: JobDriver) -> None:
    _alert("redis", "redis:jobs:forgets")
    close_gone([])
    assert [alert.acknowledged_by for alert in job_driver.alerts()] == ["system"]


@pytest.mark.parametrize("key", ["amount_differs:txn_1", "amount_differs:many"])
def test_a_difference_that_is_gone_is_no_alert(job_driver: JobDriver, key: str) -> None:
    _find("amount_differs", "txn_1")
    _alert("reconciliation", key)
    assert close_gone([]) == 0
    _resolve()
    assert close_gone([]) == 1


def test_an_outcome_that_is_known_is_no_alert(app: Flask, job_driver: JobDriver) -> None:
    id_ = StoredPayments(app).payment("unknown")
    _alert("outcome_unknown", f"unknown:{id_}", id_)
    assert close_gone([]) == 0
    _end(id_)
    assert close_gone([]) == 1


@atomic
def _end(session: Session, transaction_id: str) -> None:
    ended = {"phase": "canceled", "state": "failed"}
    session.execute(update(Transaction).where(Transaction.id == transaction_id).values(ended))
