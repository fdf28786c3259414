"""PaymentIntents: their states, their strictness, the cards."""

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.shop import card_payment, confirmed

DECLINES = [
    ("pm_card_chargeDeclined", "card_declined", "generic_decline", "try_again_later"),
    (
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "card_declined",
        "insufficient_funds",
        "try_again_later",
    ),
    (
        "pm_card_visa_chargeDeclinedLostCard",
        "card_declined",
        "lost_card",
        "do_not_try_again",
    ),
    (
        "pm_card_visa_chargeDeclinedStolenCard",
        "card_declined",
        "stolen_card",
        "do_not_try_again",
    ),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "confirm_card_data"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "confirm_card_data"),
    (
        "pm_card_chargeDeclinedProcessingError",
        "processing_error",
        "processing_error",
        "try_again_later",
    ),
    (
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "card_declined",
        "card_velocity_exceeded",
        None,
    ),
    ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent", None),
    ("pm_card_radarBlock", "card_declined", "fraudulent", None),
]


@pytest.mark.contract
@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_mastercard", "pm_card_amex"])
def test_a_good_card_pays(v1: Any, method: str) -> None:
    intent = v1.payment_intents.create(confirmed(method, expand=["latest_charge"]))
    assert (intent.status, intent.amount_received, intent.latest_charge.paid) == (
        "succeeded",
        1099,
        True,
    )


@pytest.mark.contract
def test_a_card_whose_cvc_check_fails_pays_unless_a_rule_says_otherwise(v1: Any) -> None:
    intent = v1.payment_intents.create(
        confirmed("pm_card_cvcCheckFail", expand=["latest_charge"]),
    )
    card = intent.latest_charge.payment_method_details.card
    assert (intent.status, card.last4, card.checks.cvc_check) == ("succeeded", "0101", "fail")


@pytest.mark.contract
def test_a_statement_descriptor_is_refused_for_a_card(v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.create(card_payment(statement_descriptor="Field notes"))
    assert caught.value.param == "statement_descriptor"


@pytest.mark.contract
@pytest.mark.parametrize("suffix", ["12345", "A*B", "Say <hi>", "x" * 14, "Größe"])
def test_an_odd_suffix_of_the_statement_is_refused(v1: Any, suffix: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.create(card_payment(statement_descriptor_suffix=suffix))
    assert caught.value.param == "statement_descriptor_suffix"


@pytest.mark.contract
def test_the_statement_names_the_account_and_the_suffix(v1: Any) -> None:
    intent = v1.payment_intents.create(
        confirmed(statement_descriptor_suffix="Field note", expand=["latest_charge"])
    )
    assert intent.latest_charge.calculated_statement_descriptor.endswith("* FIELD NOTE")


@pytest.mark.contract
@pytest.mark.parametrize(("method", "code", "decline_code", "advice"), DECLINES)
def test_a_declined_card_answers_402_with_its_code(
    v1: Any, method: str, code: str, decline_code: str, advice: str | None
) -> None:
    with pytest.raises(stripe.CardError) as caught:
        v1.payment_intents.create(confirmed(method))
    error = caught.value.error.to_dict()
    assert (caught.value.http_status, error["code"], error["decline_code"]) == (
        402,
        code,
        decline_code,
    )
    assert error.get("advice_code") == advice
    assert error["payment_intent"]["status"] == "requires_payment_method"


@pytest.mark.contract
def test_a_declined_intent_keeps_its_error_and_its_failed_charge(v1: Any) -> None:
    with pytest.raises(stripe.CardError) as caught:
        v1.payment_intents.create(confirmed("pm_card_visa_chargeDeclinedLostCard"))
    intent = v1.payment_intents.retrieve(caught.value.error.payment_intent.id)
    charge = v1.charges.retrieve(intent.last_payment_error.charge)
    assert (charge.status, charge.outcome.reason, charge.outcome.network_status) == (
        "failed",
        "lost_card",
        "declined_by_network",
    )


@pytest.mark.contract
def test_a_blocked_payment_is_not_sent_to_the_network(v1: Any) -> None:
    with pytest.raises(stripe.CardError) as caught:
        v1.payment_intents.create(confirmed("pm_card_radarBlock"))
    outcome = v1.charges.retrieve(caught.value.error.charge).outcome
    assert (outcome.type, outcome.network_status) == ("blocked", "not_sent_to_network")


@pytest.mark.contract
def test_a_declined_intent_takes_another_card(v1: Any) -> None:
    intent = v1.payment_intents.create(card_payment())
    with pytest.raises(stripe.CardError):
        v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"})
    assert (
        v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status
        == "succeeded"
    )


@pytest.mark.contract
@pytest.mark.wrong_parameters
@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": "1.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"currency": "xyz"}, None, "currency"),
        ({"currency": "kwd", "amount": 1001}, None, "amount"),
        ({"currency": "isk", "amount": 10050}, None, "amount"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"metadata": "x"}, None, "metadata"),
        ({"customer": "cus_nobody"}, "resource_missing", "customer"),
        (
            {"payment_method_types": ["card"]},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        ({"off_session": True}, None, "off_session"),
        ({"return_url": "https://shop.example"}, None, "return_url"),
        ({"error_on_requires_action": True}, None, "error_on_requires_action"),
    ],
)
def test_a_wrong_parameter_is_named(
    v1: Any, fields: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.create(card_payment(**fields))
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, code, param)


@pytest.mark.contract
@pytest.mark.wrong_parameters
def test_an_amount_is_required(v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.create({"currency": "usd"})
    assert (caught.value.code, caught.value.param) == ("parameter_missing", "amount")


def test_a_refused_parameter_leaves_no_intent(v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.create(confirmed("pm_nothing"))
    assert v1.payment_intents.list().data == []


@pytest.mark.contract
def test_a_succeeded_intent_cannot_be_confirmed_again(v1: Any) -> None:
    intent = v1.payment_intents.create(confirmed())
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.confirm(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


@pytest.mark.contract
def test_an_open_intent_can_be_cancelled(v1: Any) -> None:
    intent = v1.payment_intents.create(card_payment())
    assert v1.payment_intents.cancel(intent.id).status == "canceled"


@pytest.mark.contract
def test_a_succeeded_intent_cannot_be_cancelled(v1: Any) -> None:
    intent = v1.payment_intents.create(confirmed())
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.cancel(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


@pytest.mark.contract
def test_an_update_changes_amount_and_metadata(v1: Any) -> None:
    intent = v1.payment_intents.create(card_payment(metadata={"a": "1", "b": "2"}))
    changed = v1.payment_intents.update(intent.id, {"amount": 2000, "metadata": {"a": ""}})
    assert (changed.amount, changed.metadata.to_dict()) == (2000, {"b": "2"})


@pytest.mark.contract
def test_a_list_is_paged_newest_first(v1: Any) -> None:
    made = [v1.payment_intents.create(card_payment()).id for _ in range(5)]
    first = v1.payment_intents.list({"limit": 2})
    second = v1.payment_intents.list({"limit": 2, "starting_after": first.data[-1].id})
    back = v1.payment_intents.list({"limit": 2, "ending_before": second.data[-1].id})
    pages = [[intent.id for intent in page.data] for page in (first, second, back)]
    assert pages == [made[:2:-1], made[2:0:-1], made[3:1:-1]]
    assert first.has_more


@pytest.mark.contract
def test_a_list_is_filtered_by_time_and_customer(v1: Any) -> None:
    customer = v1.customers.create({"email": "ada@example.com"})
    mine = v1.payment_intents.create(card_payment(customer=customer.id))
    v1.payment_intents.create(card_payment())
    since = {"gte": int(time.time()) - 60}
    found = v1.payment_intents.list({"customer": customer.id, "created": since})
    assert [intent.id for intent in found.data] == [mine.id]
    before = {"customer": customer.id, "created": {"lt": since["gte"]}}
    assert v1.payment_intents.list(before).data == []


def test_accounts_do_not_see_each_other(v1: Any, connect: Any) -> None:
    intent = v1.payment_intents.create(card_payment())
    with pytest.raises(stripe.InvalidRequestError) as caught:
        connect("sk_test_another").payment_intents.retrieve(intent.id)
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


@pytest.mark.parametrize("key", ["sk_live_abc", "nonsense"])
def test_another_kind_of_key_is_unauthorized(connect: Any, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError):
        connect(key).payment_intents.list()


def test_a_charge_has_a_readable_receipt(v1: Any, browser: Any) -> None:
    intent = v1.payment_intents.create(confirmed(expand=["latest_charge"]))
    page = browser.new_page()
    page.goto(intent.latest_charge.receipt_url)
    words = page.inner_text("main")
    page.close()
    assert "10.99 USD" in words
    assert "Visa ending in 4242" in words


@pytest.mark.contract
def test_charges_are_listed_by_intent(v1: Any) -> None:
    intent = v1.payment_intents.create(confirmed())
    v1.payment_intents.create(confirmed())
    found = v1.charges.list({"payment_intent": intent.id}).data
    assert [charge.id for charge in found] == [intent.latest_charge]
