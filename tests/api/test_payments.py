"""Another application asks for a payment, and learns what became of it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from redis import Redis as RedisClient
from sqlalchemy import func, select

from payments_app.core.extensions import db
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import Transaction
from tests.api.application import ASKED, RETURN, Application
from tests.attention.other_releases import STORED, store
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def forget(clients: dict[str, RedisClient]) -> None:
    """Both Redis lose all that they hold."""
    for client in clients.values():
        client.flushdb()


def count(application: Application) -> int:
    with application.app.app_context():
        return (
            db.session.scalar(
                select(func.count()).select_from(PaymentRequest).where(own(PaymentRequest))
            )
            or 0
        )


def test_a_payment_is_asked_for_paid_and_read(shop_application: Application) -> None:
    answer = shop_application.ask()
    made = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/payments/{made['id']}"
    assert (made["status"], made["amount"], made["currency"]) == ("requires_payment", 2500, "usd")
    path = made["next_url"].removeprefix(shop_application.app.config["CONFIG"].public_url)
    page = shop_application.buyer.get(path, headers=BROWSER)
    assert "Two tickets" in page.text
    assert "$25.00" in page.text
    assert shop_application.pay(made["id"]).status_code == 202
    paid = shop_application.payment(made["id"])
    assert (paid["status"], paid["amount_received"], paid["next_url"]) == ("succeeded", 2500, None)
    assert paid["transaction"].startswith("txn_")
    assert paid["reference"] == "booking-1"


def test_who_paid_is_led_back_to_where_they_came_from(shop_application: Application) -> None:
    made = shop_application.asked(return_url=f"{RETURN}?lang=en#top")
    transaction = shop_application.pay(made["id"]).json["id"]
    back = f"{RETURN}?lang=en&payment={made['id']}#top"
    status = shop_application.buyer.get(f"/transactions/{transaction}").json
    assert status["thankyou_url"] == back
    page = shop_application.buyer.get(
        f"/transactions/{transaction}", headers=BROWSER, follow_redirects=True
    )
    assert "Thank you" in page.text
    assert f'href="{back.replace("&", "&amp;")}"' in page.text
    assert "return." in page.text  # the script that leads on
    stranger = shop_application.app.test_client()
    text = stranger.get(f"/thankyou?transaction={transaction}", headers=BROWSER).text
    assert RETURN not in text


def test_the_same_key_asks_once(shop_application: Application) -> None:
    first, again = shop_application.ask("k1"), shop_application.ask("k1")
    assert first.json["id"] == again.json["id"]
    assert again.headers["X-Idempotency-Replayed"] == "true"
    assert count(shop_application) == 1


def test_the_same_key_asks_once_where_redis_forgot_it(
    shop_application: Application, redis_clients: dict[str, RedisClient]
) -> None:
    first = shop_application.ask("k1")
    forget(redis_clients)
    again = shop_application.ask("k1")
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    forget(redis_clients)
    other = shop_application.ask("k1", amount=2600)
    assert (other.status_code, other.json["error"]["code"]) == (422, "idempotency_key_reuse")
    assert count(shop_application) == 1


def test_a_key_of_another_application_is_another_key(
    shop_application: Application, other_application: Application
) -> None:
    mine, theirs = shop_application.ask("k1"), other_application.ask("k1", amount=900)
    assert mine.json["id"] != theirs.json["id"]
    assert theirs.json["amount"] == 900


def test_a_payment_needs_a_key(shop_application: Application) -> None:
    answer = shop_application.client.post(
        "/api/v1/payments", json=ASKED, headers=shop_application.headers
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": "2500"}, "amount"),
        ({"amount": 25.5}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 49}, "amount"),
        ({"amount": 10**9}, "amount"),
        ({"amount": None}, "amount"),
        ({"currency": "xyz"}, "currency"),
        ({"currency": "us"}, "currency"),
        ({"currency": "isk", "amount": 150}, "amount"),
        ({"description": "   "}, "description"),
        ({"description": "x" * 501}, "description"),
        ({"return_url": "http://shop.example.com/"}, "return_url"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"return_url": "https://user:secret@shop.example.com/"}, "return_url"),
        ({"return_url": "https://shop.example.com/\nX: y"}, "return_url"),
        ({"cancel_url": "//shop.example.com"}, "cancel_url"),
        ({"email": "nobody"}, "email"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"metadata": {"": "x"}}, "metadata"),
        ({"metadata": {f"n{n}": "x" for n in range(51)}}, "metadata"),
        ({"line_items": [{"description": "Ticket", "quantity": 1, "amount": 1250}]}, "line_items"),
        (
            {"line_items": [{"description": "Ticket", "quantity": 0, "amount": 1}]},
            "line_items.0.quantity",
        ),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": 4102444800}, "expires_at"),
        ({"save_card": "yes"}, "save_card"),
        ({"amonut": 5}, "amonut"),
    ],
)
def test_what_is_wrong_is_named(
    shop_application: Application, changes: dict[str, Any], param: str
) -> None:
    answer = shop_application.ask(**changes)
    error = answer.json["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, "invalid", param)
    assert error["message"].endswith(".")
    assert error["request_id"] == answer.headers["X-Request-ID"]
    assert error["doc_url"].endswith("/docs#invalid")
    assert count(shop_application) == 0


def test_a_message_says_how_many_fields_more_are_wrong(shop_application: Application) -> None:
    error = shop_application.post("payments", {}).json["error"]
    assert error["message"] == "amount: This is required. See fields for 3 more."
    assert set(error["fields"]) == {"amount", "currency", "description", "return_url"}
    alone = shop_application.ask(amount=0, currency="eur").json["error"]
    assert list(alone["fields"]) == ["amount"]
    assert "more" not in alone["message"]


def test_an_address_by_http_is_taken_where_the_message_says(shop_application: Application) -> None:
    refused = shop_application.ask(return_url="http://shop.example.com/").json["error"]
    words = "This must be an https address (http only at localhost and 127.0.0.1)."
    assert refused["message"] == f"return_url: {words}"
    for host in ("localhost", "127.0.0.1"):
        assert shop_application.ask(return_url=f"http://{host}:3000/back").status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "4242 4242 4242 4242"},
        {"reference": "4242-4242-4242-4242"},
        {"metadata": {"card": "4242424242424242"}},
        {"metadata": {"4242424242424242": "x"}},
        {"line_items": [{"description": "4242424242424242", "amount": 2500}]},
        {"return_url": "https://shop.example.com/?card=4242424242424242"},
        {"email": "4242424242424242@example.com"},
    ],
)
def test_no_field_keeps_a_card_s_number(
    shop_application: Application, changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = shop_application.ask(**changes)
    assert answer.status_code == 422
    assert "4242424242424242" not in answer.text + caplog.text
    assert count(shop_application) == 0


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '"x"', "[" * 100_000])
def test_a_body_that_is_no_object_is_refused(shop_application: Application, body: str) -> None:
    answer = shop_application.client.post(
        "/api/v1/payments",
        data=body,
        headers=shop_application.headers
        | {"Idempotency-Key": "k", "Content-Type": "application/json"},
    )
    assert answer.status_code in ({422} if not body else {400, 413})
    assert answer.json["error"]["request_id"]


def test_a_form_is_refused(shop_application: Application) -> None:
    answer = shop_application.client.post(
        "/api/v1/payments", data=ASKED, headers=shop_application.headers | {"Idempotency-Key": "k"}
    )
    assert answer.status_code == 415


def test_a_declined_payment_can_be_tried_again_and_says_why(shop_application: Application) -> None:
    made = shop_application.asked()
    shop_application.pay(made["id"], "pm_card_visa_chargeDeclinedInsufficientFunds")
    failed = shop_application.payment(made["id"])
    assert failed["status"] == "requires_payment"
    assert failed["last_error"]["code"] == "card_declined"
    assert failed["next_url"] == made["next_url"]
    shop_application.pay(made["id"])
    assert shop_application.payment(made["id"])["status"] == "succeeded"


def test_a_payment_is_paid_once_whatever_the_buyer_presses(shop_application: Application) -> None:
    made = shop_application.paid()
    again = shop_application.press_pay(made["id"])
    assert (again.status_code, again.json["error"]["code"]) == (409, "already_paid")
    with shop_application.app.app_context():
        paid = select(func.count()).select_from(Transaction).where(own(Transaction))
        assert db.session.scalar(paid) == 1


def test_what_waits_for_the_bank_says_so(shop_application: Application) -> None:
    made = shop_application.asked()
    shop_application.press_pay(made["id"], "pm_card_authenticationRequired")
    assert shop_application.payment(made["id"])["status"] == "processing"
    shop_application.pay(made["id"])
    assert shop_application.payment(made["id"])["status"] == "requires_action"


def test_a_payment_is_cancelled_while_nobody_paid_it(shop_application: Application) -> None:
    made = shop_application.asked(cancel_url="https://shop.example.com/cancelled")
    canceled = shop_application.post(f"payments/{made['id']}/cancel")
    assert (canceled.status_code, canceled.json["status"]) == (200, "canceled")
    assert shop_application.post(f"payments/{made['id']}/cancel").json == canceled.json
    page = shop_application.buyer.get(shop_application.checkout(made["id"]), headers=BROWSER)
    assert page.status_code == 410
    assert "This payment was cancelled. Nothing was charged." in page.text
    assert f"https://shop.example.com/cancelled?payment={made['id']}" in page.text
    refused = shop_application.press_pay(made["id"])
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "canceled")


def test_what_is_paid_or_under_way_is_not_cancelled(shop_application: Application) -> None:
    paid, waiting = shop_application.paid(), shop_application.asked()
    shop_application.press_pay(waiting["id"])
    for one, code in ((paid, "already_paid"), (waiting, "payment_in_progress")):
        answer = shop_application.post(f"payments/{one['id']}/cancel")
        assert (answer.status_code, answer.json["error"]["code"]) == (409, code)
    assert shop_application.payment(paid["id"])["status"] == "succeeded"


def test_an_expired_payment_can_t_be_begun(shop_application: Application) -> None:
    made = shop_application.asked(expires_at="2999-01-01T00:00:00+02:00")
    with shop_application.app.app_context():
        request = db.session.get_one(PaymentRequest, made["id"])
        request.expires_at = request.created_at
        db.session.commit()
    assert shop_application.payment(made["id"])["status"] == "expired"
    assert shop_application.buyer.get(shop_application.checkout(made["id"])).status_code == 410
    refused = shop_application.press_pay(made["id"])
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "expired")


def test_no_payment_of_nobody_is_found(shop_application: Application) -> None:
    shop_application.asked()
    for path in ("payments/prq_1", "payments/txn_1", f"payments/prq_{'0' * 26}", "refunds/rfd_1"):
        answer = shop_application.get(path)
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


def test_payments_are_listed_by_reference_metadata_status_and_time(
    shop_application: Application,
) -> None:
    paid = shop_application.paid(metadata={"seat": "a1"})
    other = shop_application.asked(reference="booking-2", metadata={"seat": "a2"})
    third = shop_application.asked(reference=None)
    shop_application.post(f"payments/{third['id']}/cancel")

    def ids(**query: str) -> list[str]:
        found = shop_application.get("payments", **query).json["data"]
        return [one["id"] for one in found if "bystander" not in one["id"]]

    assert ids() == [third["id"], other["id"], paid["id"]]
    assert ids(reference="booking-2") == [other["id"]]
    assert ids(**{"metadata[seat]": "a1"}) == [paid["id"]]
    assert ids(status="succeeded") == [paid["id"]]
    assert ids(status="requires_payment") == [other["id"]]
    assert ids(status="canceled") == [third["id"]]
    assert ids(status="processing") == ids(status="expired") == ids(status="requires_action") == []
    assert ids(created_before=paid["created_at"]) == []
    assert len(ids(created_from=paid["created_at"])) == 3


def test_a_list_goes_on_where_it_ended(shop_application: Application) -> None:
    made = [shop_application.asked()["id"] for _ in range(5)]
    first = shop_application.get("payments", limit=3).json
    assert ([one["id"] for one in first["data"]], first["has_more"]) == (made[:1:-1], True)
    rest = shop_application.get("payments", limit=3, after=made[2]).json
    assert [one["id"] for one in rest["data"]][:2] == made[1::-1]
    assert [one["id"] for one in rest["data"]][2:] == ["prq_bystander"]  # the oldest of all
    assert not rest["has_more"]


@pytest.mark.parametrize(
    "query",
    [
        {"referenc": "x"},
        {"status": "paid"},
        {"limit": "0"},
        {"limit": "101"},
        {"created_from": "yesterday"},
        {"created_from": "20991126"},
        {"created_from": "2099"},
        {"created_before": "4102444800"},
        {"created_before": "9999-12-31T23:59:59-14:00"},
        {"after": "prq_none"},
        {"metadata[]": "x"},
    ],
)
def test_a_filter_that_can_t_be_read_lists_nothing(
    shop_application: Application, query: dict[str, str]
) -> None:
    shop_application.asked()
    answer = shop_application.get("payments", **query)
    assert answer.status_code == 422
    assert answer.json["error"]["param"] == next(iter(query))


@pytest.mark.parametrize("stored", STORED)
def test_what_another_release_stored_takes_no_list_down(
    app: Flask, shop_application: Application, stored: Any
) -> None:
    mine, other = (shop_application.asked()["id"] for _ in "ab")
    for one in (mine, other):
        shop_application.pay(one)
    with app.app_context():
        store(shop_application.payment(mine)["transaction"], stored)
    listed = shop_application.get("payments").json["data"]
    assert [one["id"] for one in listed[:2]] == [other, mine]
    assert listed[1] == shop_application.payment(mine)
    assert listed[1]["paid_status"] in {"paid", "refunded", "partly_refunded"}
    assert listed[0]["paid_status"] == "paid"
