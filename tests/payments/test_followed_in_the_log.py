"""A payment is followed in the log: a line for each move, and one for each call to Stripe."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from payments_app.core.logs import JsonFormatter
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is written by the product's own formatter."""
    stream, logger = io.StringIO(), logging.getLogger("payments_app")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def lines(log: io.StringIO, *begin: str) -> list[dict[str, Any]]:
    found = map(json.loads, log.getvalue().splitlines())
    return [line for line in found if line["message"].startswith(begin)]


def test_each_move_is_a_line_with_its_payment_and_its_message(
    driver: PaymentDriver, log: io.StringIO
) -> None:
    payment = driver.pay()
    moves = [line for line in lines(log, "payment.") if line.get("payment") == payment]
    assert [line["message"] for line in moves] == [
        "payment.created",
        "payment.processing",
        "payment.completed",
    ]
    created, processing, completed = moves
    assert "message_id" not in created
    assert processing["message_id"] == completed["message_id"]
    assert (completed["from"], completed["to"]) == ("processing", "complete")


def test_each_call_to_stripe_is_a_line_with_stripe_s_own_request(
    driver: PaymentDriver, log: io.StringIO
) -> None:
    payment = driver.pay()
    calls = [line for line in lines(log, "stripe.payment_intent ") if line["payment"] == payment]
    assert [line["message"].partition(" ")[2] for line in calls] == [
        "create: requires_payment_method",
        "confirm: succeeded",
    ]
    for line in calls:
        assert line["stripe_request"].startswith("req_")
        assert line["message_id"]
        assert line["milliseconds"] >= 0
        assert "client_secret" not in json.dumps(line)
