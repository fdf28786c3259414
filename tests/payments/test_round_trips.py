"""What one charge asks of PostgreSQL, counted at its driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import CacheStats

from bench.round_trips import counted, transactions
from payments_app.core.extensions import db
from payments_app.core.jobs import leases, runner
from tests.payments.driver import PaymentDriver


def charge_one(driver: PaymentDriver) -> list[str]:
    """What a worker sends for one payment by a good card, from the claim to the end."""
    transaction = driver.open()
    db.session.remove()
    with counted() as sent:
        (claim,) = leases.claim("charges", 1)
        runner.perform(claim)
    assert driver.read(transaction).state == "complete"
    assert [message.claims for message in driver.messages("charge") if not message.done_at] == []
    return sent


def test_a_charge_takes_24_round_trips_and_3_transactions(driver: PaymentDriver) -> None:
    charge_one(driver)  # says once what this process subscribes to
    sent = charge_one(driver)
    assert len(sent) <= 24, sent
    assert transactions(sent) == 3


@pytest.fixture
def compiled(driver: PaymentDriver) -> Iterator[list[str]]:
    """Statements that SQLAlchemy did not find compiled."""
    missed: list[str] = []

    def note(*said: Any) -> None:
        statement, context = said[2], said[4]
        if getattr(context, "compiled", None) and context.cache_hit is not CacheStats.CACHE_HIT:
            missed.append(statement)

    event.listen(db.engine, "after_cursor_execute", note)
    yield missed
    event.remove(db.engine, "after_cursor_execute", note)


def test_no_statement_of_a_charge_is_compiled_anew(
    driver: PaymentDriver, compiled: list[str]
) -> None:
    for _ in range(2):
        charge_one(driver)
    compiled.clear()
    charge_one(driver)
    assert compiled == []
