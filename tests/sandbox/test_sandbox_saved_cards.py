"""Customers, their cards, tokens, and 3-D Secure as the server sees it."""

from typing import Any
from urllib.request import urlopen

import pytest
import stripe

from tests.sandbox.shop import card_payment, confirmed

SECURE = "pm_card_authenticationRequired"


def create_saved_card(v1: Any, method: str = "pm_card_visa") -> tuple[str, str]:
    customer = v1.customers.create({"email": "ada@example.com"})
    return customer.id, v1.payment_methods.attach(method, {"customer": customer.id}).id


@pytest.mark.contract
def test_a_saved_card_is_listed_until_it_is_detached(v1: Any) -> None:
    customer, card = create_saved_card(v1)
    assert [each.id for each in v1.customers.payment_methods.list(customer).data] == [card]
    v1.payment_methods.detach(card)
    assert v1.payment_methods.list({"customer": customer}).data == []


@pytest.mark.contract
def test_a_saved_card_pays_off_session(v1: Any) -> None:
    customer, card = create_saved_card(v1)
    intent = v1.payment_intents.create(confirmed(card, customer=customer, off_session=True))
    assert intent.status == "succeeded"


@pytest.mark.contract
def test_an_issuer_declined_card_cannot_be_saved(v1: Any) -> None:
    with pytest.raises(stripe.CardError):
        create_saved_card(v1, "pm_card_chargeDeclined")


@pytest.mark.contract
def test_a_card_that_fails_only_when_charged_can_be_saved(v1: Any) -> None:
    customer, card = create_saved_card(v1, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        v1.payment_intents.create(confirmed(card, customer=customer))


@pytest.mark.contract
def test_future_usage_saves_the_card(v1: Any) -> None:
    customer = v1.customers.create({}).id
    intent = v1.payment_intents.create(
        confirmed(customer=customer, setup_future_usage="off_session")
    )
    saved = v1.payment_methods.list({"customer": customer}).data
    assert [card.id for card in saved] == [intent.payment_method]


@pytest.mark.contract
def test_a_card_that_was_not_saved_is_good_for_one_payment(v1: Any) -> None:
    intent = v1.payment_intents.create(confirmed())
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        v1.payment_intents.create(confirmed(intent.payment_method))


@pytest.mark.contract
def test_a_setup_intent_saves_a_card(v1: Any) -> None:
    customer = v1.customers.create({}).id
    intent = v1.setup_intents.create(
        {"customer": customer, "payment_method": "pm_card_visa", "confirm": True}
    )
    assert intent.status == "succeeded"
    assert v1.payment_methods.list({"customer": customer}).data[0].id == intent.payment_method


@pytest.mark.contract
def test_a_deleted_customer_is_marked(v1: Any, once: dict[str, str]) -> None:
    email = f"{once['idempotency_key']}@example.com"
    customer = v1.customers.create({"email": email}).id
    v1.customers.delete(customer)
    assert v1.customers.retrieve(customer).deleted
    assert v1.customers.list({"email": email}).data == []


@pytest.mark.contract
def test_card_numbers_are_refused_from_a_server(v1: Any) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    with pytest.raises(stripe.CardError, match="generally unsafe") as caught:
        v1.payment_methods.create({"type": "card", "card": card})
    assert caught.value.http_status == 402


@pytest.mark.contract
def test_a_confirmation_token_pays_once(v1: Any) -> None:
    token = v1.test_helpers.confirmation_tokens.create({"payment_method": "pm_card_visa"}).id
    first, second = (v1.payment_intents.create(card_payment()).id for _ in range(2))
    paid = v1.payment_intents.confirm(first, {"confirmation_token": token})
    assert paid.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.confirm(second, {"confirmation_token": token})
    assert caught.value.code == "payment_intent_confirmation_token_invalid"
    assert v1.confirmation_tokens.retrieve(token).payment_intent == first


@pytest.mark.contract
def test_a_token_must_agree_on_future_usage(v1: Any) -> None:
    token = v1.test_helpers.confirmation_tokens.create(
        {"payment_method": "pm_card_visa", "setup_future_usage": "off_session"}
    ).id
    intent = v1.payment_intents.create(card_payment())
    with pytest.raises(stripe.InvalidRequestError, match="does not match"):
        v1.payment_intents.confirm(intent.id, {"confirmation_token": token})


@pytest.mark.contract
def test_a_secured_card_asks_through_the_sdk(v1: Any) -> None:
    intent = v1.payment_intents.create(
        confirmed(SECURE, use_stripe_sdk=True, return_url="https://shop.example/back")
    )
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")


@pytest.mark.contract
def test_a_secured_card_asks_by_redirect_without_the_sdk(v1: Any) -> None:
    intent = v1.payment_intents.create(confirmed(SECURE, return_url="https://shop.example/back"))
    assert intent.next_action.type == "redirect_to_url"


@pytest.mark.contract
def test_a_token_for_a_secured_card_asks_through_the_sdk(v1: Any) -> None:
    token = v1.test_helpers.confirmation_tokens.create({"payment_method": SECURE}).id
    intent = v1.payment_intents.create(card_payment(confirm=True, confirmation_token=token))
    assert intent.next_action.type == "use_stripe_sdk"


@pytest.mark.contract
def test_a_secured_card_is_refused_off_session(v1: Any) -> None:
    customer, card = create_saved_card(v1, SECURE)
    with pytest.raises(stripe.CardError) as caught:
        v1.payment_intents.create(confirmed(card, customer=customer, off_session=True))
    error = caught.value.error
    assert (error.code, error.decline_code) == ("authentication_required",) * 2
    assert error.payment_intent.status == "requires_payment_method"


@pytest.mark.contract
def test_a_card_set_up_before_pays_off_session(v1: Any) -> None:
    customer, card = create_saved_card(v1, "pm_card_authenticationRequiredSetupForOffSession")
    intent = v1.payment_intents.create(confirmed(card, customer=customer, off_session=True))
    assert intent.status == "succeeded"


@pytest.mark.contract
def test_requires_action_can_be_made_an_error(v1: Any) -> None:
    with pytest.raises(stripe.CardError) as caught:
        v1.payment_intents.create(confirmed(SECURE, error_on_requires_action=True))
    assert caught.value.code == "authentication_required"


def complete_challenge(intent: Any) -> None:
    """As the buyer does in the bank's window."""
    with urlopen(intent.next_action.use_stripe_sdk.stripe_js, b"answer=complete") as page:
        assert page.status == 200


def test_a_card_that_is_set_up_with_its_bank_pays_off_session(v1: Any) -> None:
    customer = v1.customers.create({}).id
    setup = v1.setup_intents.create(
        {
            "customer": customer,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "confirm": True,
            "use_stripe_sdk": True,
        }
    )
    assert setup.status == "requires_action"
    complete_challenge(setup)
    card = v1.setup_intents.retrieve(setup.id).payment_method
    intent = v1.payment_intents.create(confirmed(card, customer=customer, off_session=True))
    assert intent.status == "succeeded"


def test_an_intent_refused_off_session_is_confirmed_on_session(v1: Any) -> None:
    customer, card = create_saved_card(v1, SECURE)
    with pytest.raises(stripe.CardError) as caught:
        v1.payment_intents.create(confirmed(card, customer=customer, off_session=True))
    refused = caught.value.error.payment_intent.id
    intent = v1.payment_intents.confirm(refused, {"payment_method": card, "use_stripe_sdk": True})
    complete_challenge(intent)
    assert v1.payment_intents.retrieve(refused).status == "succeeded"


def test_a_challenge_answered_twice_charges_once(v1: Any) -> None:
    intent = v1.payment_intents.create(confirmed(SECURE, use_stripe_sdk=True))
    complete_challenge(intent)
    complete_challenge(intent)
    assert len(v1.charges.list().data) == 1
