"""POST /transactions: what is stored, what is answered, and that one wish makes one payment."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, update

from payments_app.orders.models import Order
from payments_app.orders.product_models import Product
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.reconcile.books import execute

pytestmark = pytest.mark.portable


def test_json_is_answered_202_with_the_address_of_the_status(checkout: CheckoutClient) -> None:
    answer = checkout.post()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/transactions/{answer.json['id']}"
    assert (answer.json["state"], answer.json["amount"]) == ("pending", 1099)


def test_a_form_is_answered_303_to_its_status_page(checkout: CheckoutClient) -> None:
    answer = checkout.send(checkout.form())
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/transactions/txn_")


def test_a_form_sent_by_a_script_that_asks_for_json_gets_json(checkout: CheckoutClient) -> None:
    answer = checkout.client.post(
        "/transactions",
        data=checkout.form() | {"payment_method": "pm_card_visa"},
        headers={"Accept": "application/json, text/javascript, */*; q=0.01"},
    )
    assert (answer.status_code, answer.json["state"]) == (202, "pending")


def test_the_quantity_multiplies_the_shops_own_price(checkout: CheckoutClient) -> None:
    assert checkout.post(quantity=3).json["amount"] == 3297


def test_the_same_key_makes_one_payment(checkout: CheckoutClient) -> None:
    first, second = checkout.post(key="k1"), checkout.post(key="k1")
    assert first.json["id"] == second.json["id"]
    assert checkout.count() == checkout.count(Order) == 1


def test_a_replay_has_the_same_bytes_and_says_that_it_is_one(checkout: CheckoutClient) -> None:
    first = checkout.post(key="k1")
    checkout.work()
    second = checkout.post(key="k1")
    assert first.data == second.data
    assert first.headers["X-Idempotency-Replayed"] == "false"
    assert second.headers["X-Idempotency-Replayed"] == "true"


def test_a_new_token_under_the_same_key_is_the_same_wish(checkout: CheckoutClient) -> None:
    first = checkout.post(key="k1", payment_method=None, confirmation_token="ctoken_1")
    second = checkout.post(key="k1", payment_method=None, confirmation_token="ctoken_2")
    assert first.json["id"] == second.json["id"]


@pytest.mark.parametrize(
    "other", [{"quantity": 2}, {"item": "enamel-mug"}, {"email": "bob@example.com"}]
)
def test_the_same_key_with_another_wish_is_refused(
    checkout: CheckoutClient, other: dict[str, object]
) -> None:
    checkout.post(key="k1")
    answer = checkout.post(key="k1", **other)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "idempotency_key_reuse")


@pytest.mark.parametrize(
    "key", ["", "   ", '""', '" "', "a\x7fb", "a\x85b", "k" * 256, "k,k", "k, l"]
)
def test_a_malformed_key_is_refused(checkout: CheckoutClient, key: str) -> None:
    answer = checkout.post(key=key)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "idempotency_key_invalid")


@pytest.mark.parametrize("second", ["k1", "k2"])
def test_a_key_that_came_twice_is_no_third_one(checkout: CheckoutClient, second: str) -> None:
    wish = {"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    headers = [("Idempotency-Key", "k1"), ("Idempotency-Key", second)]
    answer = checkout.client.post("/transactions", json=wish, headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "idempotency_key_invalid")
    assert checkout.count() == 0


def test_a_double_click_on_a_form_makes_one_payment(checkout: CheckoutClient) -> None:
    form = checkout.form()
    assert checkout.send(form).headers["Location"] == checkout.send(form).headers["Location"]
    assert checkout.count() == 1


def test_each_rendering_of_a_form_has_a_key_of_its_own(checkout: CheckoutClient) -> None:
    assert checkout.form()["key"] != checkout.form()["key"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", None),
        ("email", "ada"),
        ("email", ["ada@example.com"]),
        ("email", "ada@example.com\nBcc: x@example.com"),
        ("email", "\ud800@example.com"),
        ("item", "\x00"),
        ("item", None),
        ("item", "no-such-thing"),
        ("quantity", 0),
        ("quantity", 11),
        ("quantity", "many"),
        ("quantity", True),
        ("quantity", 1.5),
        ("payment_method", None),
        ("payment_method", "4242424242424242"),
        ("confirmation_token", "ctoken_1"),
    ],
)
def test_a_wrong_field_is_named(checkout: CheckoutClient, field: str, value: object) -> None:
    answer = checkout.post(**{field: value})
    named = {"confirmation_token": "payment_method"}.get(field, field)
    assert answer.status_code == 422
    assert answer.json["success"] is False
    assert list(answer.json["error"]["fields"]) == [named]
    assert checkout.count() == 0


def test_all_wrong_fields_are_named_at_once(checkout: CheckoutClient) -> None:
    answer = checkout.post(email="x", quantity=-1)
    assert set(answer.json["error"]["fields"]) == {"email", "quantity"}


def test_a_tampered_amount_is_refused_with_the_price(checkout: CheckoutClient) -> None:
    error = checkout.post(amount=1, currency="usd").json["error"]
    assert (error["code"], error["amount"], error["currency"]) == ("amount_changed", 1099, "usd")
    assert checkout.count() == 0


def test_a_tampered_currency_is_refused(checkout: CheckoutClient) -> None:
    assert checkout.post(amount=1099, currency="jpy").json["error"]["code"] == "amount_changed"


def test_something_free_needs_no_card(checkout: CheckoutClient) -> None:
    answer = checkout.post(item="sticker", payment_method=None)
    checkout.work()
    assert checkout.status(answer.json["id"])["state"] == "complete"


def test_a_body_that_is_no_json_object_is_refused(checkout: CheckoutClient) -> None:
    for body in ("[1]", "{", '"x"'):
        answer = checkout.client.post("/transactions", data=body, content_type="application/json")
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("key", [None, "one-key"])
def test_a_name_that_comes_twice_buys_nothing(checkout: CheckoutClient, key: str | None) -> None:
    wish = '{"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"'
    answer = checkout.client.post(
        "/transactions",
        data=wish + ', "quantity": 1, "quantity": 10}',
        headers={"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {}),
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_json")
    assert checkout.count() == 0


def test_another_type_of_body_is_refused(checkout: CheckoutClient) -> None:
    answer = checkout.client.post("/transactions", data="{}", content_type="text/plain")
    assert (answer.status_code, answer.json["error"]["code"]) == (415, "unsupported_media_type")


def test_a_body_too_large_is_refused(checkout: CheckoutClient) -> None:
    answer = checkout.post(email="a" * 20_000)
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "body_too_large")


def test_a_form_without_its_token_is_refused_and_says_that_nothing_was_paid(
    checkout: CheckoutClient,
) -> None:
    answer = checkout.send(checkout.form() | {"csrf_token": "forged"})
    assert answer.status_code == 400
    assert "no payment was made" in answer.text
    assert checkout.count() == 0


def test_a_form_that_another_site_sends_fills_in_nothing(checkout: CheckoutClient) -> None:
    """Else a card would be kept, and charged again, under the address that the other site chose."""
    theirs = {"item": "field-notes", "email": "guest@example.com", "save_card": "1"}
    answer = checkout.send(theirs | {"other": "a\x00b"}, card=None)
    assert answer.status_code == 422
    assert 'name="key"' in answer.text
    assert "guest@" not in answer.text
    assert "checked" not in answer.text


def test_an_expired_form_that_was_sent_before_leads_to_its_payment(
    checkout: CheckoutClient,
) -> None:
    form = checkout.form()
    sent = checkout.send(form).headers["Location"]
    answer = checkout.send(form | {"csrf_token": "expired"})
    assert sent in answer.text
    assert "no payment was made" not in answer.text


def test_a_wrong_form_comes_back_with_what_was_typed_and_a_new_key(
    checkout: CheckoutClient,
) -> None:
    form = checkout.form() | {"email": "ada@", "quantity": "3"}
    answer = checkout.send(form)
    assert answer.status_code == 422
    assert 'value="ada@"' in answer.text
    assert "$32.97" in answer.text
    assert form["key"] not in answer.text
    assert 'href="#email"' in answer.text


def test_a_changed_price_comes_back_as_a_form_with_the_new_one(checkout: CheckoutClient) -> None:
    form = checkout.form()
    checkout.reprice("field-notes", 1299)
    answer = checkout.send(form)
    assert answer.status_code == 422
    assert "The price is now $12.99 instead of $10.99. No payment was made." in answer.text
    assert 'value="1299"' in answer.text


def test_what_is_free_by_now_comes_back_as_a_form_that_asks_for_no_card(
    checkout: CheckoutClient,
) -> None:
    form = checkout.form()
    checkout.reprice("field-notes", 0)
    answer = checkout.send(form)
    assert answer.status_code == 422
    assert "The price is now $0.00 instead of $10.99. No payment was made." in answer.text
    assert "Get it free" in answer.text


def test_an_order_with_a_live_payment_takes_no_second_one(checkout: CheckoutClient) -> None:
    first = checkout.post().json["id"]
    answer = checkout.post(item=checkout.order_of(first))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "payment_in_progress")
    assert answer.json["error"]["url"] == f"/transactions/{first}"


def test_a_paid_order_is_not_paid_again(checkout: CheckoutClient) -> None:
    paid = checkout.pay()
    answer = checkout.post(item=checkout.order_of(paid))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "already_paid")


def test_a_form_for_a_live_payment_leads_to_that_payment(checkout: CheckoutClient) -> None:
    declined = checkout.pay("pm_card_visa_chargeDeclined")
    first, second = (checkout.form(checkout.order_of(declined)) for _ in range(2))
    location = checkout.send(first).headers["Location"]
    answer = checkout.send(second)
    assert (answer.status_code, answer.headers["Location"]) == (303, location)


def test_another_card_is_another_attempt_at_the_same_order(checkout: CheckoutClient) -> None:
    declined = checkout.pay("pm_card_visa_chargeDeclined")
    answer = checkout.post(item=checkout.order_of(declined))
    assert answer.json["attempt"] == 2
    assert checkout.count(Order) == 1


def test_the_form_for_another_card_knows_this_buyers_address(checkout: CheckoutClient) -> None:
    order = checkout.order_of(checkout.pay("pm_card_visa_chargeDeclined"))
    assert "ada@example.com" in checkout.page(f"/checkout/{order}").text
    assert "ada@" not in checkout.page(f"/checkout/{order}", checkout.stranger()).text


def test_the_form_of_a_paid_order_leads_to_the_result(checkout: CheckoutClient) -> None:
    paid = checkout.pay()
    answer = checkout.page(f"/checkout/{checkout.order_of(paid)}")
    assert answer.headers["Location"] == f"/thankyou?transaction={paid}"


def test_a_form_that_was_sent_is_not_rendered_again(checkout: CheckoutClient) -> None:
    form = checkout.form()
    location = checkout.send(form).headers["Location"]
    answer = checkout.page(f"/checkout/field-notes?key={form['key']}")
    assert (answer.status_code, answer.headers["Location"]) == (303, location)


def test_an_unknown_item_has_no_form(checkout: CheckoutClient) -> None:
    assert checkout.client.get("/checkout/nothing", headers=BROWSER).status_code == 404


@pytest.mark.parametrize(("card", "status"), [("pm_1OfAnybody", 422), ("pm_card_visa", 409)])
def test_what_is_refused_does_the_same_for_a_stranger_s_address(
    checkout: CheckoutClient, card: str, status: int
) -> None:
    """Nothing is stored, so that it can be asked again and again: its time must tell nothing."""
    checkout.pay()
    with checkout.app.app_context():
        execute(update(Product).where(Product.slug == "field-notes").values(stock=0))
    checkout.post(payment_method=card, email="first@example.com")  # a process's first learns more
    statements: list[list[str]] = []

    def note(_line: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements[-1].append(statement)

    event.listen(checkout.app.extensions["engine"], "before_cursor_execute", note)
    for email in ("ada@example.com", "nobody@example.com"):
        statements.append([])
        assert checkout.post(payment_method=card, email=email).status_code == status
    event.remove(checkout.app.extensions["engine"], "before_cursor_execute", note)
    customer, stranger = statements
    assert customer == stranger
    assert customer
