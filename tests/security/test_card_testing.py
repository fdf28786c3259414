"""Somebody tries stolen cards on our form."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.ops.card_testing import look_for_card_testing
from payments_app.payments.models import Transaction

pytestmark = [pytest.mark.portable, pytest.mark.usefixtures("app_context")]


@atomic
def _create_ended(
    session,
    *,
    complete: int = 0,
    declined: int = 0,
    seconds_ago: int = 60,
    kind: str = "card_error",
) -> None:
    for number in range(complete + declined):
        failed = number >= complete
        session.add(
            Transaction(
                amount=1099,
                currency="usd",
                email="buyer@example.com",
                description="Order",
                state="failed" if failed else "complete",
                phase="failed" if failed else "complete",
                error={"type": kind, "code": "card_declined"} if failed else None,
                error_code="card_declined" if failed else None,
                ended_at=database_now(-seconds_ago),
            )
        )


def _alerts() -> int:
    session = db.session()
    return session.scalar(select(func.count()).where(Alert.kind == "card_testing"))


def test_more_than_three_declines_of_ten_raise_one_alert() -> None:
    _create_ended(complete=13, declined=7)
    look_for_card_testing()
    look_for_card_testing()
    assert _alerts() == 1


def test_three_declines_of_ten_are_ordinary() -> None:
    _create_ended(complete=14, declined=6)
    look_for_card_testing()
    assert _alerts() == 0


def test_a_few_declines_say_nothing() -> None:
    _create_ended(declined=19)
    look_for_card_testing()
    assert _alerts() == 0


def test_declines_of_long_ago_are_over() -> None:
    _create_ended(declined=30, seconds_ago=1000)
    look_for_card_testing()
    assert _alerts() == 0


def test_requests_that_stripe_refused_by_our_mistake_are_no_thieves() -> None:
    _create_ended(complete=8, declined=26, kind="invalid_request_error")
    look_for_card_testing()
    assert _alerts() == 0


def test_requests_that_were_refused_hide_no_thieves() -> None:
    _create_ended(complete=13, declined=7)
    _create_ended(declined=30, kind="invalid_request_error")
    look_for_card_testing()
    assert _alerts() == 1
