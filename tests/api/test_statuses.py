"""A payment's status is worked out twice, in Python for each and in SQL for lists: they agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payment_requests.find import Filter, Status, find, find_all
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import PaymentRecord, Transaction

pytestmark = [pytest.mark.portable, pytest.mark.dialect]

WANTED = {"type": "card_error", "code": "authentication_required"}
BY_BANK = {"type": "card_error", "code": "card_declined", "decline_code": "authentication_required"}
BROKE = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}
ODD = {"type": "card_error", "code": "card_declined", "decline_code": ["authentication_required"]}
ODDER = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": {"authentication_required": 1},
}
OFF: dict[str, Any] = {"off_session": True}
PAST = dt.timedelta(days=1)

# What a request came to: its attempts in their order, its own columns, and the status by that.
WORLD: dict[str, tuple[list[dict[str, Any]], dict[str, Any], Status]] = {
    "nobody paid": ([], {}, Status.REQUIRES_PAYMENT),
    "the bank wants its owner": ([OFF | {"error": WANTED}], {}, Status.REQUIRES_ACTION),
    "by its decline code": ([OFF | {"error": BY_BANK}], {}, Status.REQUIRES_ACTION),
    "its code is no text": ([OFF | {"error": ODD}], {}, Status.REQUIRES_PAYMENT),
    "its codes are objects": ([OFF | {"error": ODDER}], {}, Status.REQUIRES_PAYMENT),
    "another decline": ([OFF | {"error": BROKE}], {}, Status.REQUIRES_PAYMENT),
    "with its owner": ([{"error": WANTED}], {}, Status.REQUIRES_PAYMENT),
    "it was cancelled": (
        [OFF | {"error": WANTED, "phase": "canceled"}],
        {},
        Status.REQUIRES_PAYMENT,
    ),
    "its owner tried since": (
        [OFF | {"error": WANTED}, {"error": BROKE}],
        {},
        Status.REQUIRES_PAYMENT,
    ),
    "it was tried again since": (
        [OFF | {"error": BROKE}, OFF | {"error": WANTED}],
        {},
        Status.REQUIRES_ACTION,
    ),
    "it expired": ([OFF | {"error": WANTED}], {"expires_at": -PAST}, Status.EXPIRED),
    "it lasts": ([OFF | {"error": WANTED}], {"expires_at": PAST}, Status.REQUIRES_ACTION),
    "it was taken back": ([OFF | {"error": WANTED}], {"canceled_at": -PAST}, Status.CANCELED),
    "its owner confirms": ([{"phase": "requires_action"}], {}, Status.REQUIRES_ACTION),
    "it is being charged": ([OFF | {"phase": "processing"}], {}, Status.PROCESSING),
    "it is charged anew": (
        [OFF | {"error": WANTED}, {"phase": "processing"}],
        {},
        Status.PROCESSING,
    ),
    "it is paid": ([OFF | {"error": WANTED}, {"phase": "complete"}], {}, Status.SUCCEEDED),
}
STATE = {"complete": "complete", "failed": "failed", "canceled": "failed"}


@pytest.fixture
def made(app: Flask) -> Iterator[dict[str, str]]:
    """The id of a request of each kind, by its name in WORLD."""
    with app.app_context():
        yield {name: _made(name) for name in WORLD}


def _made(name: str) -> str:
    attempts, columns, _ = WORLD[name]
    request_id, _ = ask(Wish(Money(500, "usd"), name), "a test")
    request = db.session.get_one(PaymentRequest, request_id)
    for column, when in columns.items():
        setattr(request, column, utcnow() + when)
    for attempt in attempts:
        _attempt(request_id, **attempt)
    db.session.commit()
    return request_id


def _attempt(
    request_id: str,
    *,
    phase: str = "failed",
    error: dict[str, Any] | None = None,
    off_session: bool = False,
) -> None:
    state = STATE.get(phase, "pending")
    row = Transaction(
        amount=500,
        currency="usd",
        email="ada@example.com",
        description="A payment",
        phase=phase,
        state=state,
        error=error,
        error_code=error["code"] if error else None,
        off_session=off_session,
    )
    db.session.add(row)
    db.session.flush()
    number = db.session.scalar(select(func.count()).select_from(PaymentRecord)) or 0
    db.session.add(
        PaymentRecord(
            transaction_id=row.id,
            payable_type=PaymentRequest.payable_type,
            payable_id=request_id,
            role="pays_for",
            active=state != "failed",
            created_at=utcnow() + dt.timedelta(microseconds=number),
        )
    )
    db.session.flush()


def test_each_status_is_that_of_the_newest_attempt(made: dict[str, str]) -> None:
    read = {name: find(db.session(), request_id) for name, request_id in made.items()}
    assert {name: known.status for name, known in read.items() if known} == {
        name: status for name, (_, _, status) in WORLD.items()
    }


@pytest.mark.parametrize("status", list(Status))
def test_a_list_of_one_status_holds_all_that_read_so_and_no_other(
    made: dict[str, str], status: Status
) -> None:
    listed, _ = find_all(db.session(), Filter(status=status), limit=100)
    ours = {request_id: name for name, request_id in made.items()}
    assert {ours[known.request.id] for known in listed if known.request.id in ours} == {
        name for name, (_, _, expected) in WORLD.items() if expected == status
    }
