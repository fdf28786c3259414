"""Money given back by another application, and the events that it reads again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis import Redis as RedisClient
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.notices.webhook_models import WebhookEvent
from tests.accounts.staff_driver import StaffDriver
from tests.api.application import Application
from tests.api.test_payments import forget
from tests.bystanders import own
from tests.calls import calls_of
from tests.own_worker import work

pytestmark = [pytest.mark.portable, pytest.mark.followed_by_all]


def follow(application: Application) -> None:
    with application.app.app_context():
        for queue in ("payment_critical", "payment_standard", "payment_critical"):
            work(queue)


def test_a_part_is_refunded_and_then_the_rest(shop_application: Application) -> None:
    paid, untouched = shop_application.paid(), shop_application.paid(reference="other")
    path = f"payments/{paid['id']}/refunds"
    answer = shop_application.post(path, {"amount": 500, "reason": "One seat less"})
    assert answer.status_code == 201
    assert (answer.json["amount"], answer.json["status"]) == (500, "requested")
    follow(shop_application)
    refund = shop_application.get(f"refunds/{answer.json['id']}").json
    assert (refund["status"], refund["payment"]) == ("succeeded", paid["id"])
    assert shop_application.payment(paid["id"])["amount_refunded"] == 500
    rest = shop_application.post(path, {"reason": "Cancelled"}).json
    assert rest["amount"] == 2000
    follow(shop_application)
    assert shop_application.payment(paid["id"])["amount_refunded"] == 2500
    assert [one["amount"] for one in shop_application.get(path).json["data"]] == [2000, 500]
    assert shop_application.payment(untouched["id"])["amount_refunded"] == 0


def test_staff_read_which_application_refunded(shop_application: Application) -> None:
    paid = shop_application.paid()
    shop_application.post(f"payments/{paid['id']}/refunds", {"amount": 500, "reason": "Less"})
    viewer = StaffDriver(shop_application.app).signed_in("viewer")
    page = viewer.get(f"/staff/payments/{paid['transaction']}").text
    assert page.count("shop (API key)") == 3  # of the refund, and twice in the timeline
    assert "key_" not in page


def test_one_key_refunds_once(shop_application: Application) -> None:
    paid = shop_application.paid()
    path, body = f"payments/{paid['id']}/refunds", {"amount": 500, "reason": "One seat less"}
    first, again = (shop_application.post(path, body, "k1") for _ in range(2))
    assert first.json == again.json
    assert len(shop_application.get(path).json["data"]) == 1


@pytest.mark.parametrize("amount", [{"amount": 500}, {}])
def test_one_key_refunds_once_where_redis_forgot_it(
    shop_application: Application, redis_clients: dict[str, RedisClient], amount: dict[str, int]
) -> None:
    paid, other = shop_application.paid(), shop_application.paid(reference="other")
    body = amount | {"reason": "Cancelled"}
    path = f"payments/{paid['id']}/refunds"
    first = shop_application.post(path, body, "k1")
    forget(redis_clients)
    again = shop_application.post(path, body, "k1")
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    assert len(shop_application.get(path).json["data"]) == 1
    forget(redis_clients)
    elsewhere = shop_application.post(f"payments/{other['id']}/refunds", body, "k1")
    reused = (elsewhere.status_code, elsewhere.json["error"]["code"])
    assert reused == (422, "idempotency_key_reuse")


def test_no_more_is_refunded_than_was_paid(shop_application: Application) -> None:
    paid, open_ = shop_application.paid(), shop_application.asked()
    more = shop_application.post(f"payments/{paid['id']}/refunds", {"amount": 2501, "reason": "x"})
    assert (more.status_code, more.json["error"]["code"]) == (409, "refund_refused")
    unpaid = shop_application.post(f"payments/{open_['id']}/refunds", {"reason": "x"})
    assert (unpaid.status_code, unpaid.json["error"]["code"]) == (409, "not_paid")
    nobody = shop_application.post("payments/prq_1/refunds", {"reason": "x"})
    assert nobody.status_code == 404


def test_an_amount_that_is_none_refunds_nothing(shop_application: Application) -> None:
    """As JSON has it of a number that could not be read: `JSON.stringify({amount: NaN})`."""
    path = f"payments/{shop_application.paid()['id']}/refunds"
    refused = shop_application.post(path, {"amount": None, "reason": "One seat less"})
    assert (refused.status_code, refused.json["error"].get("param")) == (422, "amount")
    elsewhere = shop_application.post(f"{path}?amount=500", {"reason": "One seat less"})
    assert (elsewhere.status_code, elsewhere.json["error"].get("param")) == (422, "amount")
    assert shop_application.get(path).json["data"] == []


@pytest.mark.parametrize(
    ("body", "twice"),
    [
        ('{"reason": "Less", "amount": 150, "amount": 1500}', "amount"),
        ('{"reason": "Less", "amount": 150, "\\u0061mount": 150}', "amount"),
        ('{"amount": 150, "reason": "Less", "reason": "More"}', "reason"),
        ('{"amount": 1, "4242424242424242": 1, "4242424242424242": 2}', "cut, ends in 4242]"),
    ],
)
def test_a_name_that_comes_twice_refunds_nothing(
    shop_application: Application, body: str, twice: str
) -> None:
    paid = shop_application.paid()
    path = f"payments/{paid['id']}/refunds"
    answer = shop_application.send(path, data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_json")
    assert f"{twice}” is given twice" in answer.json["error"]["message"]
    assert shop_application.get(path).json["data"] == []


@pytest.mark.parametrize("body", ['{"NAME": 1}', '{"NAME": 1, "NAME": 2}'])
def test_a_long_name_is_told_again_by_its_beginning(
    shop_application: Application, body: str
) -> None:
    """What is looked through for a card's number is short, however long a body is."""
    path = f"payments/{shop_application.paid()['id']}/refunds"
    body = body.replace("NAME", "4-" * 15_000)
    answers: list[Any] = []

    def send() -> None:
        answers.append(shop_application.send(path, data=body, content_type="application/json"))

    assert calls_of(send) < 150_000
    assert answers[0].status_code in (400, 422)
    assert len(answers[0].json["error"]["message"]) < 300
    assert shop_application.get(path).json["data"] == []


def test_a_filter_that_there_is_none_of_lists_no_refunds(shop_application: Application) -> None:
    path = f"payments/{shop_application.paid()['id']}/refunds"
    shop_application.post(path, {"reason": "Cancelled"})
    assert shop_application.get(path, status="failed").status_code == 422


@pytest.mark.parametrize("since", ["20991231", "2099", "1", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_can_t_be_read_lists_no_events(
    shop_application: Application, since: str
) -> None:
    shop_application.paid()
    follow(shop_application)
    refused = shop_application.get("events", since=since)
    assert (refused.status_code, refused.json["error"]["param"]) == (422, "since")


def test_events_are_read_again_from_where_one_was(shop_application: Application) -> None:
    paid = [
        shop_application.paid(reference=f"booking-{n}", metadata={"n": str(n)}) for n in (1, 2, 3)
    ]
    follow(shop_application)
    events = shop_application.get("events").json
    assert [event["type"] for event in events["data"]] == ["payment_captured"] * 3
    told = [event["data"]["payment"]["paid_for"] for event in events["data"]]
    assert {one["id"] for one in told} == {one["id"] for one in paid}
    assert {one["reference"] for one in told} == {"booking-1", "booking-2", "booking-3"}
    assert all(one["metadata"] == {"n": one["reference"][-1]} for one in told)
    first = events["data"][0]["id"]
    rest = shop_application.get("events", after=first).json
    assert rest["data"] == events["data"][1:]
    assert shop_application.get("events", limit=1).json["has_more"]
    assert shop_application.get("events", after="webhook_none").status_code == 422
    with shop_application.app.app_context():
        stored = {
            json.loads(event.body)["id"]
            for event in db.session.scalars(select(WebhookEvent).where(own(WebhookEvent)))
        }
    assert {event["id"] for event in events["data"]} == stored


@pytest.mark.parametrize("amount", [-1, 0, "5", 1.5, [5]])
def test_a_wrong_amount_is_named_by_its_field_alone(
    shop_application: Application, amount: object
) -> None:
    paid = shop_application.paid()
    body = {"amount": amount, "reason": "One seat less"}
    refused = shop_application.post(f"payments/{paid['id']}/refunds", body)
    assert (refused.status_code, refused.json["error"]["param"]) == (422, "amount")
