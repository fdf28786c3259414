"""What a release promised beside the HTTP API stays: settings, commands, the library, webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.api.application import Application
from tests.api.released import promised
from tests.api.test_customers import follow, kept, stored

pytestmark = pytest.mark.portable

RELEASED: dict[str, list[str]] = json.loads(Path(__file__).with_name("released.json").read_text())
PAYMENT = (
    "id gateway_id merchant state phase amount amount_requested currency platform_fee description "
    "reference email paid_for error_code livemode created_at ended_at"
).split()
# By topic, or of every event; each with what stands in it.
FIELDS = {
    "": "id type version timestamp data".split(),
    "payment": PAYMENT,
    "paid_for": "type id reference metadata".split(),
    "refund": "id gateway_id amount currency state".split(),
    "consent": "id card version given_at ended_at reason".split(),
}


def gone(before: dict[str, list[str]], now: dict[str, list[str]]) -> list[str]:
    """What was promised and is not there; of what must be set, what was added."""
    lost = [
        f"{part}: {name}"
        for part, names in before.items()
        if part != "must_be_set"
        for name in sorted(set(names) - set(now[part]))
    ]
    return lost + sorted(set(now["must_be_set"]) - set(before["must_be_set"]))


def test_nothing_that_was_released_is_gone(app: Flask) -> None:
    assert gone(RELEASED, promised(app)) == [], "see docs/versioning.md"


@pytest.mark.parametrize("part", sorted(RELEASED))
def test_whatever_is_gone_is_seen(part: str) -> None:
    assert RELEASED[part]
    if part == "must_be_set":
        assert gone(RELEASED, RELEASED | {part: [*RELEASED[part], "MORE"]}) == ["MORE"]
        assert gone(RELEASED, RELEASED | {part: RELEASED[part][1:]}) == []
    else:
        first, *rest = RELEASED[part]
        assert gone(RELEASED, RELEASED | {part: [*rest, "more"]}) == [f"{part}: {first}"]


def parts(event: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Each object of an event by its name, with its fields."""
    yield "", set(event)
    for name, value in event["data"].items():
        yield name, set(value)
    yield "paid_for", set(event["data"]["payment"]["paid_for"])


@pytest.mark.followed_by_all
@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_visa_chargeDeclined"])
def test_no_field_of_a_webhook_is_gone(shop_application: Application, card: str) -> None:
    stored(shop_application)
    agreed = kept(shop_application)
    shop_application.delete(f"customers/ada-7/cards/{agreed['id']}")
    shop_application.pay(shop_application.asked()["id"], card)
    paid = shop_application.get("payments", status="succeeded").json["data"][0]
    shop_application.post(f"payments/{paid['id']}/refunds", {"reason": "Less"})
    follow(shop_application)
    events = shop_application.get("events").json["data"]
    seen = {event["type"] for event in events}
    failed = {"payment_failed"} if "Declined" in card else set()
    assert seen == {"payment_captured", "refund_succeeded", "consent_ended"} | failed
    for event in events:
        for name, fields in parts(event):
            assert set(FIELDS[name]) <= fields, (event["type"], name)
