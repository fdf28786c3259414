"""An answer of Stripe's that names nothing is no answer: no two of ours may share a missing id."""

from __future__ import annotations

import pytest
import stripe

from payments_app.gateway.calls import intent_call
from payments_app.gateway.charges import find_intent
from payments_app.gateway.results import Verdict
from payments_app.payments.transactions.open import PaymentSource
from tests.merchants.connected_merchants import account, create_merchant
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import at_stripe, give_back, read

pytestmark = pytest.mark.portable
NONE = [None, "", 7]


@pytest.mark.parametrize("none", NONE)
def test_an_intent_is_asked_for_again(driver: PaymentDriver, none: object) -> None:
    driver.fail_stripe("say", "^/v1/payment_intents$", set={"id": none})
    transaction = driver.pay()
    driver.work_all_waiting()
    row = driver.read(transaction)
    assert (row.phase, [i["id"] for i in driver.intents()]) == ("complete", [row.stripe_payment_id])


@pytest.mark.parametrize("none", NONE)
def test_a_customer_is_asked_for_again(driver: PaymentDriver, none: object) -> None:
    driver.fail_stripe("say", "^/v1/customers$", set={"id": none})
    source = PaymentSource(payment_method="pm_card_visa", save_card=True)
    transaction = driver.pay(source=source)
    driver.work_all_waiting()
    row = driver.read(transaction)
    assert (row.phase, (row.stripe_customer_id or "")[:4]) == ("complete", "cus_")


@pytest.mark.parametrize("none", NONE)
def test_an_account_is_asked_for_again(driver: PaymentDriver, none: object) -> None:
    driver.fail_stripe("say", "^/v2/core/accounts$", set={"id": none})
    merchant = create_merchant(driver)
    driver.work_all_waiting()
    assert (account(merchant).stripe_account_id or "")[:5] == "acct_"


@pytest.mark.parametrize("none", NONE)
def test_a_refund_is_looked_for_and_not_sent_again(driver: PaymentDriver, none: object) -> None:
    transaction = driver.pay()
    driver.fail_stripe("say", "^/v1/refunds$", set={"id": none})
    refund = give_back(driver, transaction)
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"
    assert [theirs["id"] for theirs in at_stripe(driver)] == [read(refund).stripe_refund_id]


@pytest.mark.parametrize("none", NONE)
def test_an_intent_inside_an_error_that_names_nothing_is_no_intent(
    driver: PaymentDriver, none: object
) -> None:
    body = {"error": {"type": "card_error", "payment_intent": {"id": none}}}

    def decline() -> None:
        raise stripe.CardError("no", None, "card_declined", http_status=402, json_body=body)

    answer = intent_call("create", decline)
    assert (answer.verdict, answer.body) == (Verdict.DECLINED, None)


@pytest.mark.parametrize("none", NONE)
def test_an_intent_that_is_found_without_an_id_says_nothing(
    driver: PaymentDriver, none: object
) -> None:
    row = driver.read(driver.pay())
    theirs = {**driver.intents()[0], "id": none}
    driver.fail_stripe("say", "^/v1/payment_intents$", set={"data": [theirs]})
    answer = find_intent(row.id, row.created_at)
    assert (answer.verdict, answer.body) == (Verdict.UNKNOWN, None)
