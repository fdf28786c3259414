"""A worker in the test's own thread: it claims many at a time, and needs no threads, connections
and looks of its own. tests/queues and tests/chaos try the product's."""

from __future__ import annotations

from flask import current_app

from payments_app.core import registry
from payments_app.core.extensions import db
from payments_app.core.jobs import leases, runner
from payments_app.core.jobs.due import due_queues
from payments_app.queues import QUEUE_THREADS

QUEUES = tuple(QUEUE_THREADS)
CLAIMS = 20


def work_all_due() -> None:
    """Each queue's turn comes once."""
    registry.register_subscribers()
    due = _due()
    for queue in QUEUES:
        due = _work(queue, due)


def work(queue: str) -> None:
    """Do what is due in `queue`, and what becomes due meanwhile."""
    registry.register_subscribers()
    _work(queue, _due())


def _work(queue: str, due: set[str]) -> set[str]:
    """The same, where these queues have something due; those that have afterwards."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    while queue in due:
        # A session of its own: what the caller has read stays as it was.
        with app.app_context():
            claims = leases.claim(queue, CLAIMS)
            for claim in claims:
                runner.perform(claim)
                db.session.remove()
        if not claims:
            break
        due = _due()
    return due


def _due() -> set[str]:
    due = set(due_queues(db.session()))
    db.session.rollback()
    return due
