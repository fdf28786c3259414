"""A form carries its own key, which leads its own browser to its payment; a program sends one."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.checkout.keyed import buy, made, refusal

pytestmark = pytest.mark.portable


def back_to(key: str) -> str:
    return f"/checkout/field-notes?key={key}"


def test_a_form_that_was_sent_leads_its_own_browser_back(
    checkout: CheckoutClient, visitor: FlaskClient, nameless: FlaskClient
) -> None:
    form = checkout.form()
    sent = checkout.send(form).headers["Location"]
    assert checkout.page(back_to(form["key"])).headers["Location"] == sent
    for stranger in (visitor, nameless):
        assert checkout.page(back_to(form["key"]), stranger).status_code == 200


def test_a_programs_key_leads_no_stranger_to_its_payment(
    checkout: CheckoutClient, visitor: FlaskClient, nameless: FlaskClient
) -> None:
    owner = checkout.stranger()
    payment = made(buy(owner))
    assert checkout.page(back_to("k1"), owner).headers["Location"] == f"/transactions/{payment}"
    for stranger in (visitor, nameless):
        assert checkout.page(back_to("k1"), stranger).status_code == 200


def test_an_expired_form_names_its_payment_to_its_own_browser_alone(
    checkout: CheckoutClient,
) -> None:
    form = checkout.form()
    sent = checkout.send(form).headers["Location"]
    expired = {"csrf_token": "expired", "key": form["key"]}
    other = CheckoutClient(checkout.app, checkout.stranger())
    told = other.send(other.form() | expired).text
    assert sent not in told
    assert "sent before" not in told
    assert sent in checkout.send(form | expired).text


def test_a_key_that_a_form_and_a_header_spell_differently_is_refused_in_both(
    checkout: CheckoutClient, nameless: FlaskClient
) -> None:
    key = "Zürich"
    assert buy(nameless, key=key.encode().decode("latin-1")).status_code == 400
    assert checkout.send(checkout.form() | {"key": key}).status_code == 400


def test_an_expired_form_with_a_programs_key_names_nothing(
    checkout: CheckoutClient, nameless: FlaskClient
) -> None:
    payment = made(buy(nameless))
    answer = checkout.send(checkout.form() | {"csrf_token": "expired", "key": "k1"})
    assert payment not in answer.text


def test_an_expired_form_without_its_cookie_promises_no_more_than_is_known(
    checkout: CheckoutClient, nameless: FlaskClient
) -> None:
    form = checkout.form()
    checkout.send(form)
    told = nameless.post("/transactions", data=form, headers=BROWSER).text
    assert "no payment was made this time" in told
    assert "If you have not paid yet" in told


def test_json_without_a_key_is_refused(checkout: CheckoutClient, visitor: FlaskClient) -> None:
    wish = {"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    answer = visitor.post("/transactions", json=wish)
    assert refusal(answer) == (400, "idempotency_key_missing")
    assert answer.json["success"] is False
    assert "X-Idempotency-Key" not in answer.headers
    assert checkout.count() == 0


def test_a_programs_form_without_a_key_is_refused(checkout: CheckoutClient) -> None:
    form = checkout.form() | {"payment_method": "pm_card_visa"}
    del form["key"]
    asks = {"Accept": "application/json"}
    answer = checkout.client.post("/transactions", data=form, headers=asks)
    assert refusal(answer) == (400, "idempotency_key_missing")
    assert checkout.count() == 0


def test_a_browsers_form_without_a_key_comes_back_with_one(checkout: CheckoutClient) -> None:
    form = checkout.form() | {"email": "grace@example.com"}
    del form["key"]
    answer = checkout.send(form)
    assert answer.status_code == 400
    assert "no payment was made" in answer.text
    assert 'value="grace@example.com"' in answer.text
    assert 'name="key"' in answer.text
    assert checkout.count() == 0


def test_a_form_may_send_its_key_in_the_header(checkout: CheckoutClient) -> None:
    form = checkout.form() | {"payment_method": "pm_card_visa"}
    del form["key"]
    headers = BROWSER | {"Idempotency-Key": "k1"}
    answers = [checkout.client.post("/transactions", data=form, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert checkout.count() == 1


def test_a_forged_form_is_told_that_before_its_key_is_looked_for(checkout: CheckoutClient) -> None:
    form = checkout.form() | {"csrf_token": "forged"}
    del form["key"]
    assert "This form has expired" in checkout.send(form).text


def test_a_form_that_can_not_be_read_comes_back(checkout: CheckoutClient) -> None:
    answer = checkout.send(checkout.form() | {"email": "ada\x00@example.com"})
    assert answer.status_code == 422
    assert 'name="key"' in answer.text
    assert checkout.count() == 0


def test_a_forged_form_gets_no_replay(checkout: CheckoutClient) -> None:
    form = checkout.form() | {"payment_method": "pm_card_visa"}
    headers = BROWSER | {"Idempotency-Key": "k1"}
    sent = checkout.client.post("/transactions", data=form, headers=headers)
    forged = form | {"csrf_token": "forged"}
    answer = checkout.client.post("/transactions", data=forged, headers=headers)
    assert (sent.status_code, answer.status_code) == (303, 400)


class TestOverTheLimit:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_RATE_LIMIT": "1/hour"}

    def test_the_limit_is_told_before_a_missing_key(
        self, checkout: CheckoutClient, nameless: FlaskClient
    ) -> None:
        answers = [nameless.post("/transactions", json={}) for _ in range(2)]
        assert [refusal(answer)[0] for answer in answers] == [400, 429]
