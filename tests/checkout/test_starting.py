"""POST /transactions: what is stored, what is answered, and that one wish makes one payment."""

from __future__ import annotations

import pytest

from payments_app.orders.models import Order
from tests.checkout.checkout_client import BROWSER, Counter

pytestmark = pytest.mark.portable


def test_json_is_answered_202_with_the_address_of_the_status(counter: Counter) -> None:
    answer = counter.post()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/transactions/{answer.json['id']}"
    assert (answer.json["state"], answer.json["amount"]) == ("pending", 1099)


def test_a_form_is_answered_303_to_its_status_page(counter: Counter) -> None:
    answer = counter.send(counter.form())
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/transactions/txn_")


def test_a_form_sent_by_a_script_that_asks_for_json_gets_json(counter: Counter) -> None:
    answer = counter.client.post(
        "/transactions",
        data=counter.form() | {"payment_method": "pm_card_visa"},
        headers={"Accept": "application/json, text/javascript, */*; q=0.01"},
    )
    assert (answer.status_code, answer.json["state"]) == (202, "pending")


def test_the_quantity_multiplies_the_shops_own_price(counter: Counter) -> None:
    assert counter.post(quantity=3).json["amount"] == 3297


def test_the_same_key_makes_one_payment(counter: Counter) -> None:
    first, second = counter.post(key="k1"), counter.post(key="k1")
    assert first.json["id"] == second.json["id"]
    assert counter.count() == counter.count(Order) == 1


def test_a_replay_has_the_same_bytes_and_says_that_it_is_one(counter: Counter) -> None:
    first = counter.post(key="k1")
    counter.work()
    second = counter.post(key="k1")
    assert first.data == second.data
    assert first.headers["X-Idempotency-Replayed"] == "false"
    assert second.headers["X-Idempotency-Replayed"] == "true"


def test_a_new_token_under_the_same_key_is_the_same_wish(counter: Counter) -> None:
    first = counter.post(key="k1", payment_method=None, confirmation_token="ctoken_1")
    second = counter.post(key="k1", payment_method=None, confirmation_token="ctoken_2")
    assert first.json["id"] == second.json["id"]


@pytest.mark.parametrize(
    "other", [{"quantity": 2}, {"item": "enamel-mug"}, {"email": "bob@example.com"}]
)
def test_the_same_key_with_another_wish_is_refused(
    counter: Counter, other: dict[str, object]
) -> None:
    counter.post(key="k1")
    answer = counter.post(key="k1", **other)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "idempotency_key_reuse")


@pytest.mark.parametrize("key", ["", "   ", "a\x7fb", "a\x85b", "k" * 256])
def test_a_malformed_key_is_refused(counter: Counter, key: str) -> None:
    answer = counter.post(key=key)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "idempotency_key_invalid")


def test_a_double_click_on_a_form_makes_one_payment(counter: Counter) -> None:
    form = counter.form()
    assert counter.send(form).headers["Location"] == counter.send(form).headers["Location"]
    assert counter.count() == 1


def test_each_rendering_of_a_form_has_a_key_of_its_own(counter: Counter) -> None:
    assert counter.form()["key"] != counter.form()["key"]


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
def test_a_wrong_field_is_named(counter: Counter, field: str, value: object) -> None:
    answer = counter.post(**{field: value})
    named = {"confirmation_token": "payment_method"}.get(field, field)
    assert answer.status_code == 422
    assert answer.json["success"] is False
    assert list(answer.json["error"]["fields"]) == [named]
    assert counter.count() == 0


def test_all_wrong_fields_are_named_at_once(counter: Counter) -> None:
    answer = counter.post(email="x", quantity=-1)
    assert set(answer.json["error"]["fields"]) == {"email", "quantity"}


def test_a_tampered_amount_is_refused_with_the_price(counter: Counter) -> None:
    error = counter.post(amount=1, currency="usd").json["error"]
    assert (error["code"], error["amount"], error["currency"]) == ("amount_changed", 1099, "usd")
    assert counter.count() == 0


def test_a_tampered_currency_is_refused(counter: Counter) -> None:
    assert counter.post(amount=1099, currency="jpy").json["error"]["code"] == "amount_changed"


def test_something_free_needs_no_card(counter: Counter) -> None:
    answer = counter.post(item="sticker", payment_method=None)
    counter.work()
    assert counter.status(answer.json["id"])["state"] == "complete"


def test_a_body_that_is_no_json_object_is_refused(counter: Counter) -> None:
    for body in ("[1]", "{", '"x"'):
        answer = counter.client.post("/transactions", data=body, content_type="application/json")
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_json")


def test_another_type_of_body_is_refused(counter: Counter) -> None:
    answer = counter.client.post("/transactions", data="{}", content_type="text/plain")
    assert (answer.status_code, answer.json["error"]["code"]) == (415, "unsupported_media_type")


def test_a_body_too_large_is_refused(counter: Counter) -> None:
    answer = counter.post(email="a" * 20_000)
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "body_too_large")


def test_a_form_without_its_token_is_refused_and_says_that_nothing_was_paid(
    counter: Counter,
) -> None:
    answer = counter.send(counter.form() | {"csrf_token": "forged"})
    assert answer.status_code == 400
    assert "no payment was made" in answer.text
    assert counter.count() == 0


def test_an_expired_form_that_was_sent_before_leads_to_its_payment(counter: Counter) -> None:
    form = counter.form()
    sent = counter.send(form).headers["Location"]
    answer = counter.send(form | {"csrf_token": "expired"})
    assert sent in answer.text
    assert "no payment was made" not in answer.text


def test_a_wrong_form_comes_back_with_what_was_typed_and_a_new_key(counter: Counter) -> None:
    form = counter.form() | {"email": "ada@", "quantity": "3"}
    answer = counter.send(form)
    assert answer.status_code == 422
    assert 'value="ada@"' in answer.text
    assert "$32.97" in answer.text
    assert form["key"] not in answer.text
    assert 'href="#email"' in answer.text


def test_a_changed_price_comes_back_as_a_form_with_the_new_one(counter: Counter) -> None:
    form = counter.form()
    counter.reprice("field-notes", 1299)
    answer = counter.send(form)
    assert answer.status_code == 422
    assert "The price is now $12.99. No payment was made." in answer.text
    assert 'value="1299"' in answer.text


def test_an_order_with_a_live_payment_takes_no_second_one(counter: Counter) -> None:
    first = counter.post().json["id"]
    answer = counter.post(item=counter.order_of(first))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "payment_in_progress")
    assert answer.json["error"]["url"] == f"/transactions/{first}"


def test_a_paid_order_is_not_paid_again(counter: Counter) -> None:
    paid = counter.pay()
    answer = counter.post(item=counter.order_of(paid))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "already_paid")


def test_a_form_for_a_live_payment_leads_to_that_payment(counter: Counter) -> None:
    declined = counter.pay("pm_card_visa_chargeDeclined")
    first, second = (counter.form(counter.order_of(declined)) for _ in range(2))
    location = counter.send(first).headers["Location"]
    answer = counter.send(second)
    assert (answer.status_code, answer.headers["Location"]) == (303, location)


def test_another_card_is_another_attempt_at_the_same_order(counter: Counter) -> None:
    declined = counter.pay("pm_card_visa_chargeDeclined")
    answer = counter.post(item=counter.order_of(declined))
    assert answer.json["attempt"] == 2
    assert counter.count(Order) == 1


def test_the_form_for_another_card_knows_this_buyers_address(counter: Counter) -> None:
    order = counter.order_of(counter.pay("pm_card_visa_chargeDeclined"))
    assert "ada@example.com" in counter.page(f"/checkout/{order}").text
    assert "ada@example.com" not in counter.page(f"/checkout/{order}", counter.stranger()).text


def test_the_form_of_a_paid_order_leads_to_the_result(counter: Counter) -> None:
    paid = counter.pay()
    answer = counter.page(f"/checkout/{counter.order_of(paid)}")
    assert answer.headers["Location"] == f"/thankyou?transaction={paid}"


def test_a_form_that_was_sent_is_not_rendered_again(counter: Counter) -> None:
    form = counter.form()
    location = counter.send(form).headers["Location"]
    answer = counter.page(f"/checkout/field-notes?key={form['key']}")
    assert (answer.status_code, answer.headers["Location"]) == (303, location)


def test_an_unknown_item_has_no_form(counter: Counter) -> None:
    assert counter.client.get("/checkout/nothing", headers=BROWSER).status_code == 404
