"""A trial: the card is kept with the bank's leave, nothing is charged, and the first bill is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from demo.plans import add_demo_plans
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.customers.models import SavedCard
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.subscriptions.calendar import day_words, local_day
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.renew import advance
from tests.bystanders import own
from tests.checkout.checkout_client import CheckoutClient
from tests.own_worker import work
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.portable

UNTIL = dt.timedelta(days=14)


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_plans()
    return CheckoutClient(app, client)


@pytest.fixture
def trial(billing: BillingDriver) -> Callable[..., str]:
    """Begins a trial of 14 days with this card; its subscription's id."""

    def begin(card: str = "pm_card_visa") -> str:
        return billing.join("2026-01-31", card, billing.plan("letter", 500, trial_days=14))

    return begin


def setups(billing: BillingDriver) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = billing.sandbox("GET", "/v1/setup_intents")["data"]
    return found


def terms(checkout: CheckoutClient) -> str:
    with checkout.app.app_context():
        return f"Free until {day_words(local_day(utcnow()) + UNTIL)}, then $5.00 every month."


def test_the_form_says_when_what_is_charged(checkout: CheckoutClient) -> None:
    page = checkout.page("/checkout/letter").text
    assert terms(checkout) in page
    assert 'data-mode="setup"' in page
    assert "Nothing is charged today" in page


def test_a_trial_needs_a_card(checkout: CheckoutClient) -> None:
    answer = checkout.post(item="letter", payment_method=None)
    assert (answer.status_code, "payment_method" in answer.json["error"]["fields"]) == (422, True)


def test_a_card_that_is_declined_is_no_payment_that_was(checkout: CheckoutClient) -> None:
    declined = checkout.pay("pm_card_visa_chargeDeclined", item="letter")
    page = checkout.page(f"/transactions/{declined}").text
    assert "The card was not saved" in page
    assert "Your bank declined this card. Contact your bank or use another card." in page
    assert "this payment" not in page
    paid = checkout.pay("pm_card_visa_chargeDeclined", item="coffee-club")
    assert "Your bank declined this payment." in checkout.page(f"/transactions/{paid}").text


def test_the_thank_you_says_until_when_it_is_free(checkout: CheckoutClient) -> None:
    checkout.pay(item="letter")
    page = checkout.page("/thankyou").text
    assert terms(checkout) in page
    assert "was paid" not in page


def test_the_letter_says_until_when_it_is_free(checkout: CheckoutClient) -> None:
    checkout.pay(item="letter")
    with checkout.app.app_context():
        work("payment_standard")
        (mail,) = db.session.scalars(select(Mail).where(own(Mail)))
    assert mail.subject.endswith("Monthly subscription - The weekly letter")
    assert terms(checkout) in mail.text
    assert "was paid" not in mail.text


def test_nothing_is_charged_and_the_card_is_kept(
    billing: BillingDriver, trial: Callable[..., str]
) -> None:
    member = billing.subscription(trial())
    assert (member.status, member.card.words) == ("trialing", "Visa ending in 4242")
    assert billing.intents() == []
    assert [intent["status"] for intent in setups(billing)] == ["succeeded"]


def test_the_first_bill_is_charged_on_the_kept_card(
    billing: BillingDriver, trial: Callable[..., str]
) -> None:
    member = trial()
    billing.go_to("2026-02-13")
    assert billing.intents() == []
    billing.go_to("2026-02-14")
    assert [(i["status"], i["amount"]) for i in billing.intents()] == [("succeeded", 500)]
    assert billing.subscription(member).status == "active"


def test_a_first_bill_that_is_declined_is_followed_up(
    billing: BillingDriver, trial: Callable[..., str]
) -> None:
    member = trial()
    billing.take_card(member, "pm_card_chargeCustomerFail")
    billing.go_to("2026-02-14")
    assert billing.subscription(member).status == "past_due"
    assert len(billing.messages("notices.dunning")) == 1


def test_a_card_that_can_not_be_kept_begins_nothing(
    billing: BillingDriver, trial: Callable[..., str]
) -> None:
    member = trial("pm_card_visa_chargeDeclined")
    assert billing.subscription(member).status == "incomplete"
    attempt = billing.attempts(member)[0]
    assert (attempt.state, attempt.error_code) == ("failed", "card_declined")
    assert db.session.scalars(select(SavedCard).where(own(SavedCard))).all() == []


def test_another_card_begins_the_same_trial(
    billing: BillingDriver, trial: Callable[..., str]
) -> None:
    member = trial("pm_card_visa_chargeDeclined")
    billing.open_by_owner(member, save_card=True)
    billing.run_due(at("2026-01-31"))
    assert billing.subscription(member).status == "trialing"
    assert sorted(intent["status"] for intent in setups(billing)) == ["canceled", "succeeded"]


def test_a_bank_that_asks_is_answered_before_the_trial_begins(
    billing: BillingDriver, trial: Callable[..., str]
) -> None:
    member = trial("pm_card_authenticationRequiredOnSetup")
    attempt = billing.attempts(member)[0]
    assert (attempt.phase, billing.subscription(member).status) == ("requires_action", "incomplete")
    assert attempt.client_secret.startswith("seti_")
    billing.pass_bank_check(attempt.id)
    billing.check(attempt.id)
    billing.run_due(at("2026-01-31"))
    assert billing.subscription(member).status == "trialing"
    billing.go_to("2026-02-14")
    assert billing.subscription(member).status == "active"


def test_a_bank_check_that_is_failed_begins_nothing(
    billing: BillingDriver, trial: Callable[..., str]
) -> None:
    member = trial("pm_card_authenticationRequiredOnSetup")
    attempt = billing.attempts(member)[0]
    billing.answer_bank_check(attempt.id, "fail")
    billing.check(attempt.id)
    attempt = billing.read(attempt.id)
    assert (attempt.state, attempt.error_code) == ("failed", "setup_intent_authentication_failure")


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "html_502"])
@pytest.mark.parametrize("call", ["/v1/setup_intents$", "/confirm"])
def test_a_lost_answer_keeps_the_card_once(
    billing: BillingDriver, trial: Callable[..., str], fault: str, call: str
) -> None:
    billing.fail_stripe(fault, call)
    member = trial()
    for _ in range(3):
        billing.make_due()
        billing.run_due(at("2026-01-31"))
    assert billing.subscription(member).status == "trialing"
    assert [intent["status"] for intent in setups(billing)] == ["succeeded"]
    assert len(db.session.scalars(select(SavedCard).where(own(SavedCard))).all()) == 1


def test_a_saved_card_begins_a_trial_without_asking_stripe(billing: BillingDriver) -> None:
    card = billing.subscription(billing.join()).card
    period = billing.subscribe(billing.plan("letter", 500, trial_days=14), at("2026-01-31"))
    transaction = billing.open_with(period, card)
    billing.run_due(at("2026-01-31"))
    assert billing.read(transaction).state == "complete"
    assert setups(billing) == []
    assert db.session.get_one(Period, period).subscription.card_id == card.id


def test_staff_find_it_at_stripe(billing: BillingDriver, trial: Callable[..., str]) -> None:
    member = trial()
    kept = db.session.get_one(Transaction, billing.attempts(member)[0].id)
    assert (kept.card_last4, kept.stripe_payment_id[:5]) == ("4242", "seti_")


def test_the_trial_of_a_free_plan_needs_no_card(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31", plan=billing.plan("free", 0, trial_days=14))
    advance(member, at("2026-02-14"))
    billing.run_due(at("2026-02-14"))
    assert billing.subscription(member).status == "active"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"id": "pm_odd", "card": {"exp_month": 13, "exp_year": 99_999_999_999}}, [(None, None)]),
        ({"id": "pm_odd", "card": {"exp_month": "12", "exp_year": True}}, [(None, None)]),
        ({"id": "pm_odd", "card": {"exp_month": 12, "exp_year": 2031}}, [(12, 2031)]),
        ({"id": "pm_" + "1" * 400, "card": {}}, []),
    ],
    ids=repr,
)
def test_a_trial_begins_whatever_stripe_says_of_its_card(
    billing: BillingDriver,
    trial: Callable[..., str],
    said: dict[str, Any],
    kept: list[tuple[int | None, int | None]],
) -> None:
    billing.fail_stripe("say", "/confirm$", set={"payment_method": said})
    member = trial()
    assert billing.subscription(member).status == "trialing"
    rows = db.session.execute(select(SavedCard.exp_month, SavedCard.exp_year).where(own(SavedCard)))
    assert [tuple(row) for row in rows] == kept
    assert (billing.subscription(member).card is not None) == bool(kept)
