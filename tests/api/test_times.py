"""A time is written in one form, wherever another program reads it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.alerts import Alert, raise_alert
from payments_app.core.db.clock import rfc3339
from payments_app.core.extensions import db
from payments_app.merchants.address import Guard
from payments_app.merchants.endpoints import add_endpoint
from payments_app.notices.try_endpoint import try_endpoint
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.ops.telling import read
from tests.accounts.staff_driver import StaffDriver
from tests.api.application import Application
from tests.api.test_customers import follow, kept, stored
from tests.bystanders import own
from tests.merchants.default_merchant import shop_id

pytestmark = [pytest.mark.portable, pytest.mark.followed_by_all]

FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
LIKE_A_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d.*")


def times(said: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text in it that looks like a time, however written, with the name of its field."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from times(value, key)
    elif isinstance(said, list):
        for value in said:
            yield from times(value, name)
    elif isinstance(said, str) and (LIKE_A_TIME.match(said) or name.endswith("_at")):
        yield name, said


def named_in_form(*said: Any) -> set[str]:
    """The names of all times, of which each is in the one form."""
    found = [time for one in said for time in times(one)]
    assert [time for time in found if not FORM.fullmatch(time[1])] == []
    return {name for name, _ in found}


def test_a_time_of_any_zone_is_written_in_utc() -> None:
    there = dt.timezone(dt.timedelta(hours=2))
    assert rfc3339(dt.datetime(2030, 1, 31, 1, tzinfo=there)) == "2030-01-30T23:00:00Z"
    part = dt.datetime(2030, 1, 31, 1, 0, 0, 5000, tzinfo=dt.UTC)
    assert rfc3339(part) == "2030-01-31T01:00:00.005000Z"


def test_answers_and_events_write_times_alike(shop_application: Application) -> None:
    stored(shop_application)
    agreed = kept(shop_application)
    cards = shop_application.get("customers/ada-7/cards").json
    shop_application.delete(f"customers/ada-7/cards/{agreed['id']}")
    shop_application.pay(shop_application.asked()["id"], "pm_card_visa_chargeDeclined")
    paid = shop_application.paid(expires_at="2999-01-01T00:00:00+02:00")
    refund = shop_application.post(f"payments/{paid['id']}/refunds", {"reason": "Less"}).json
    left = shop_application.asked()
    canceled = shop_application.post(f"payments/{left['id']}/cancel").json
    follow(shop_application)
    events = shop_application.get("events").json
    assert {event["type"] for event in events["data"]} == {
        "payment_captured", "payment_failed", "refund_succeeded", "consent_ended"
    }  # fmt: skip
    in_answers = named_in_form(
        cards, paid, refund, canceled,
        shop_application.get("payments").json,
        shop_application.get(f"payments/{paid['id']}/refunds").json,
        shop_application.get("customers").json,
        shop_application.buyer.get(f"/transactions/{paid['transaction']}").json,
    )  # fmt: skip
    assert in_answers == {"created_at", "expires_at", "canceled_at", "given_at"}
    in_events = named_in_form(events)
    assert in_events == {"timestamp", "created_at", "ended_at", "given_at"}


def test_a_test_event_and_the_reports_of_staff_do_too(shop_application: Application) -> None:
    with shop_application.app.app_context():
        url, guard = "http://127.0.0.1:9/hook", Guard(allow_loopback=True)
        try_endpoint(add_endpoint(shop_id(), url, guard=guard, actor="test"), "test")
        event = db.session.scalars(select(WebhookEvent).where(own(WebhookEvent))).one()
        assert named_in_form(json.loads(event.body)) == {"timestamp"}
    viewer = StaffDriver(shop_application.app).signed_in("viewer").client
    assert named_in_form(viewer.get("/api/v1/reports/sales_summary").json) == {"as_of"}


def test_alerts_do_too(app: Flask) -> None:
    with app.app_context():
        session = db.session()
        raise_alert(session, "dead_letter", "dead_letter:7", "A message is dead")
        alert = session.scalars(select(Alert).where(Alert.key == "dead_letter:7")).one()
        raised = read(session, f"{alert.id}")
        alert.acknowledged_at = alert.first_at
        session.flush()
        closed = read(session, f"{alert.id}:closed")
        assert raised is not None
        assert closed is not None
        assert named_in_form(raised.as_json()) == {"timestamp"}
        assert named_in_form(closed.as_json()) == {"timestamp", "raised_at"}
