"""Each field of what is asked for is kept and told again; none holds a card's number."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from payments_app.core.extensions import db
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.payment_requests.models import PaymentRequest
from tests.api.application import Application
from tests.api.test_customers import stored
from tests.api.test_payments import count
from tests.api.test_refunds_and_events import follow
from tests.checkout.checkout_client import BROWSER

pytestmark = [pytest.mark.portable, pytest.mark.followed_by_all]

NUMBER = "4242424242424242"
SPACED = "https://shop.example.com/?card=4242%204242%204242%204242"
ALL = {
    "amount": 2500,
    "currency": "EUR",
    "description": "Two tickets",
    "reference": "booking-7",
    "email": "ada@example.com",
    "line_items": [
        {"description": "Ticket", "quantity": 2, "amount": 1000},
        {"description": "Programme", "amount": 500},
    ],
    "metadata": {"seat": "a1", "row": "4"},
    "return_url": "https://shop.example.com/back",
    "cancel_url": "https://shop.example.com/cart",
    "expires_at": "2999-01-01T02:00:00+02:00",
    "save_card": True,
    "customer": "ada-7",
}


def test_each_field_is_read_back_as_it_was_asked_for(shop_application: Application) -> None:
    stored(shop_application)
    made = shop_application.asked(**ALL)
    told = shop_application.payment(made["id"])
    assert told == made
    as_kept = {
        "currency": "eur",
        "line_items": [
            {"description": "Ticket", "quantity": 2, "amount": 1000},
            {"description": "Programme", "quantity": 1, "amount": 500},
        ],
        "expires_at": "2999-01-01T00:00:00Z",
    }
    assert {name: told[name] for name in ALL} == ALL | as_kept
    beside = shop_application.asked()
    nothing = {"email": None, "line_items": [], "metadata": {}, "cancel_url": None}
    nothing |= {"expires_at": None, "save_card": False, "customer": None}
    assert {name: beside[name] for name in nothing} == nothing


def test_what_was_asked_for_is_what_the_buyer_reads_and_pays(shop_application: Application) -> None:
    stored(shop_application)
    made = shop_application.asked(**ALL)
    page = shop_application.buyer.get(shop_application.checkout(made["id"]), headers=BROWSER).text
    for said in ("Ticket", "Programme", "https://shop.example.com/cart", "Your card is kept"):
        assert said in page
    shop_application.pay(made["id"])
    assert shop_application.payment(made["id"])["status"] == "succeeded"


def test_a_card_is_kept_for_a_customer_alone(shop_application: Application) -> None:
    refused = shop_application.ask(save_card=True)
    assert (refused.status_code, refused.json["error"]["param"]) == (422, "customer")
    assert count(shop_application) == 0


@pytest.mark.parametrize(
    "sent",
    [
        {"cancel_url": f"https://shop.example.com/?card={NUMBER}"},
        {"return_url": SPACED},
        {"cancel_url": SPACED},
        {"expires_at": NUMBER},
        {"customer": NUMBER},
        {NUMBER: "x"},
        {f"card {NUMBER}": {"cvc": "123"}},
        {"metadata": {NUMBER: 1}},
        {"line_items": [{NUMBER: 1, "description": "Ticket", "amount": 2500}]},
    ],
)
def test_no_field_nor_its_name_is_kept_told_or_logged_with_a_card_s_number(
    shop_application: Application, sent: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = shop_application.ask(**sent)
    assert answer.status_code == 422
    said = answer.text + caplog.text
    assert NUMBER not in said
    assert SPACED not in said
    assert count(shop_application) == 0


@pytest.mark.parametrize("field", ["reason", NUMBER])
def test_no_refund_keeps_a_card_s_number(shop_application: Application, field: str) -> None:
    path = f"payments/{shop_application.paid()['id']}/refunds"
    answer = shop_application.post(path, {"reason": "Less"} | {field: NUMBER})
    assert answer.status_code in (409, 422)
    assert NUMBER not in answer.text
    assert shop_application.get(path).json["data"] == []


def test_no_address_of_a_customer_and_no_filter_tells_a_card_s_number(
    shop_application: Application,
) -> None:
    sent = {"id": "ada-7", "email": f"{NUMBER}@example.com"}
    for answer in (
        shop_application.post("customers", sent),
        shop_application.get("payments", **{NUMBER: "x"}),
        shop_application.get("customers", **{NUMBER: "x"}),
    ):
        assert answer.status_code == 422
        assert NUMBER not in answer.text
    assert shop_application.get("customers").json["data"] == []


def test_a_list_begins_with_a_time_and_ends_before_another(shop_application: Application) -> None:
    made = [shop_application.asked()["id"] for _ in range(3)]
    noon = dt.datetime(2999, 1, 1, 12, tzinfo=dt.UTC)
    with shop_application.app.app_context():
        for hour, one in enumerate(made):
            row = db.session.get_one(PaymentRequest, one)
            row.created_at = noon + dt.timedelta(hours=hour)
        db.session.commit()

    def ids(**query: str) -> list[str]:
        found = shop_application.get("payments", **query).json["data"]
        return [one["id"] for one in found if one["id"] in made]

    assert ids(created_from="2999-01-01T13:00:00Z") == [made[2], made[1]]
    assert ids(created_before="2999-01-01T13:00:00Z") == [made[0]]
    both = {"created_from": "2999-01-01T14:00:00+01:00", "created_before": "2999-01-01T14:00:00Z"}
    assert ids(**both) == [made[1]]


def test_events_are_read_again_since_a_time(shop_application: Application) -> None:
    shop_application.paid()
    follow(shop_application)
    (first,) = shop_application.get("events").json["data"]
    with shop_application.app.app_context():
        event = db.session.get_one(WebhookEvent, first["id"])
        event.created_at -= dt.timedelta(hours=2)
        since = (event.created_at + dt.timedelta(hours=1)).isoformat()
        until = (event.created_at - dt.timedelta(hours=1)).isoformat()
        db.session.commit()
    shop_application.paid(reference="later")
    follow(shop_application)
    (later,) = shop_application.get("events", since=since).json["data"]
    assert later["data"]["payment"]["paid_for"]["reference"] == "later"
    assert shop_application.get("events", since=until).json["data"] == [first, later]
