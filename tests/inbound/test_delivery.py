"""The sandbox delivers by itself, over HTTP, signed with its endpoint's secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from parts.process import wait_until
from payments_app.core.extensions import db
from payments_app.inbound.fetch_missed import fetch_missed
from payments_app.inbound.models import StripeEvent
from payments_app.payments.models import Transaction
from tests.inbound.test_applying import open_unknown
from tests.merchants.connected_merchants import account_id, create_ready_merchant, sell
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable

WITHIN = 15  # seconds


@pytest.fixture
def live(app: Flask, driver: PaymentDriver) -> Iterator[PaymentDriver]:
    """The app on a port, known to the sandbox as the three destinations of this test's account."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    for secrets, kind in (
        (driver.config.stripe_webhook_secrets, {}),
        (driver.config.stripe_connect_webhook_secrets, {"connect": True}),
        (driver.config.stripe_thin_webhook_secrets, {"connect": True, "thin": True}),
    ):
        url = f"http://127.0.0.1:{server.server_port}/webhooks/stripe"
        driver.sandbox("POST", "/_sandbox/webhook_endpoints", url=url, secret=secrets[0], **kind)
    yield driver
    driver.sandbox("POST", "/_sandbox/webhook_faults", drop=1)
    server.shutdown()
    thread.join()
    server.server_close()


def phases(transactions: list[str]) -> set[str]:
    db.session.rollback()
    found = select(Transaction.phase).where(Transaction.id.in_(transactions))
    return set(db.session.scalars(found))


def stored_events() -> list[StripeEvent]:
    db.session.rollback()
    return list(db.session.scalars(select(StripeEvent)))


def test_a_lost_answer_is_made_good_by_the_delivered_event(live: PaymentDriver) -> None:
    transaction = open_unknown(live)

    def complete() -> bool:
        live.work("payment_critical")
        return phases([transaction]) == {"complete"}

    assert wait_until(complete, WITHIN)


def test_each_destination_gets_its_events_and_is_believed(live: PaymentDriver) -> None:
    merchant = create_ready_merchant(live, "direct")
    live.pay()
    sell(live, merchant, "pm_card_visa")
    stripe_id = account_id(merchant)

    def told() -> set[tuple[str, str | None]]:
        return {(event.type, event.account) for event in stored_events()}

    wanted = {
        ("payment_intent.succeeded", None),
        ("payment_intent.succeeded", stripe_id),
        ("account.updated", stripe_id),
        ("v2.core.account[requirements].updated", stripe_id),
    }
    assert wait_until(lambda: wanted <= told(), WITHIN), told()
    live.work("payment_critical")
    assert {event.state for event in stored_events()} == {"processed", "ignored"}


def test_doubled_late_and_shuffled_events_complete_each_payment_once(live: PaymentDriver) -> None:
    live.sandbox(
        "POST", "/_sandbox/webhook_faults", duplicate=4, shuffle=True, delay_ms=[0, 200], seed=1
    )
    transactions = [open_unknown(live) for _ in range(3)]

    def complete() -> bool:
        live.work("payment_critical")
        told = [e for e in stored_events() if e.type == "payment_intent.succeeded"]
        return phases(transactions) == {"complete"} and [e.deliveries for e in told] == [5] * 3

    assert wait_until(complete, WITHIN)
    for transaction in transactions:
        assert live.happened(transaction).count("payment.completed") == 1


def test_what_is_lost_on_the_way_is_fetched(live: PaymentDriver) -> None:
    live.sandbox("POST", "/_sandbox/webhook_faults", drop=0.5, seed=7)
    transactions = [open_unknown(live) for _ in range(6)]

    def complete() -> bool:
        fetch_missed()
        live.work("payment_critical")
        return phases(transactions) == {"complete"}

    assert wait_until(complete, WITHIN)
