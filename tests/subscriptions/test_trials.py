"""A trial: the card is kept with the bank's leave, nothing is charged, and the first bill is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from demo.plans import offer_demo_plans
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.jobs.runner import drain
from payments_app.customers.models import SavedCard
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.subscriptions.calendar import day_words, local_day
from payments_app.subscriptions.models import Period
from payments_app.subscriptions.renew import advance
from tests.checkout.checkout_client import Counter
from tests.subscriptions.billing_driver import Club, at

pytestmark = pytest.mark.portable

UNTIL = dt.timedelta(days=14)


@pytest.fixture
def counter(app: Flask, client: FlaskClient) -> Counter:
    with app.app_context():
        offer_demo_plans()
    return Counter(app, client)


@pytest.fixture
def letter(club: Club) -> Callable[..., str]:
    """Begins a trial of 14 days with this card; its subscription's id."""

    def begin(card: str = "pm_card_visa") -> str:
        return club.join("2026-01-31", card, club.plan("letter", 500, trial_days=14))

    return begin


def setups(club: Club) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = club.sandbox("GET", "/v1/setup_intents")["data"]
    return found


def terms(counter: Counter) -> str:
    with counter.app.app_context():
        return f"Free until {day_words(local_day(utcnow()) + UNTIL)}, then $5.00 every month."


def test_the_form_says_when_what_is_charged(counter: Counter) -> None:
    page = counter.page("/checkout/letter").text
    assert terms(counter) in page
    assert 'data-mode="setup"' in page
    assert "nothing is charged today" in page


def test_a_trial_needs_a_card(counter: Counter) -> None:
    answer = counter.post(item="letter", payment_method=None)
    assert (answer.status_code, "payment_method" in answer.json["error"]["fields"]) == (422, True)


def test_the_thank_you_says_until_when_it_is_free(counter: Counter) -> None:
    counter.pay(item="letter")
    page = counter.page("/thankyou").text
    assert terms(counter) in page
    assert "was paid" not in page


def test_the_letter_says_until_when_it_is_free(counter: Counter) -> None:
    counter.pay(item="letter")
    with counter.app.app_context():
        drain("payment_standard")
        (mail,) = db.session.scalars(select(Mail))
    assert mail.subject.endswith("Monthly subscription - The weekly letter")
    assert terms(counter) in mail.text
    assert "was paid" not in mail.text


def test_nothing_is_charged_and_the_card_is_kept(club: Club, letter: Callable[..., str]) -> None:
    member = club.subscription(letter())
    assert (member.status, member.card.words) == ("trialing", "Visa ending in 4242")
    assert club.intents() == []
    assert [intent["status"] for intent in setups(club)] == ["succeeded"]


def test_the_first_bill_is_charged_on_the_kept_card(club: Club, letter: Callable[..., str]) -> None:
    member = letter()
    club.go_to("2026-02-13")
    assert club.intents() == []
    club.go_to("2026-02-14")
    assert [(i["status"], i["amount"]) for i in club.intents()] == [("succeeded", 500)]
    assert club.subscription(member).status == "active"


def test_a_first_bill_that_is_declined_is_followed_up(
    club: Club, letter: Callable[..., str]
) -> None:
    member = letter()
    club.take_card(member, "pm_card_chargeCustomerFail")
    club.go_to("2026-02-14")
    assert club.subscription(member).status == "past_due"
    assert len(club.messages("notices.dunning")) == 1


def test_a_card_that_can_not_be_kept_begins_nothing(club: Club, letter: Callable[..., str]) -> None:
    member = letter("pm_card_visa_chargeDeclined")
    assert club.subscription(member).status == "incomplete"
    attempt = club.attempts(member)[0]
    assert (attempt.state, attempt.error_code) == ("failed", "card_declined")
    assert db.session.scalars(select(SavedCard)).all() == []


def test_another_card_begins_the_same_trial(club: Club, letter: Callable[..., str]) -> None:
    member = letter("pm_card_visa_chargeDeclined")
    club.open_by_owner(member, save_card=True)
    club.settle(at("2026-01-31"))
    assert club.subscription(member).status == "trialing"
    assert sorted(intent["status"] for intent in setups(club)) == ["canceled", "succeeded"]


def test_a_bank_that_asks_is_answered_before_the_trial_begins(
    club: Club, letter: Callable[..., str]
) -> None:
    member = letter("pm_card_authenticationRequiredOnSetup")
    attempt = club.attempts(member)[0]
    assert (attempt.phase, club.subscription(member).status) == ("requires_action", "incomplete")
    assert attempt.client_secret.startswith("seti_")
    club.pass_bank_check(attempt.id)
    club.check(attempt.id)
    club.settle(at("2026-01-31"))
    assert club.subscription(member).status == "trialing"
    club.go_to("2026-02-14")
    assert club.subscription(member).status == "active"


def test_a_bank_check_that_is_failed_begins_nothing(club: Club, letter: Callable[..., str]) -> None:
    member = letter("pm_card_authenticationRequiredOnSetup")
    attempt = club.attempts(member)[0]
    club.answer_bank_check(attempt.id, "fail")
    club.check(attempt.id)
    attempt = club.read(attempt.id)
    assert (attempt.state, attempt.error_code) == ("failed", "setup_intent_authentication_failure")


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "html_502"])
@pytest.mark.parametrize("call", ["/v1/setup_intents$", "/confirm"])
def test_a_lost_answer_keeps_the_card_once(
    club: Club, letter: Callable[..., str], fault: str, call: str
) -> None:
    club.fail_stripe(fault, call)
    member = letter()
    for _ in range(3):
        club.make_due()
        club.settle(at("2026-01-31"))
    assert club.subscription(member).status == "trialing"
    assert [intent["status"] for intent in setups(club)] == ["succeeded"]
    assert len(db.session.scalars(select(SavedCard)).all()) == 1


def test_a_saved_card_begins_a_trial_without_asking_stripe(club: Club) -> None:
    card = club.subscription(club.join()).card
    period = club.subscribe(club.plan("letter", 500, trial_days=14), at("2026-01-31"))
    transaction = club.open_with(period, card)
    club.settle(at("2026-01-31"))
    assert club.read(transaction).state == "complete"
    assert setups(club) == []
    assert db.session.get_one(Period, period).subscription.card_id == card.id


def test_staff_find_it_at_stripe(club: Club, letter: Callable[..., str]) -> None:
    member = letter()
    kept = db.session.get_one(Transaction, club.attempts(member)[0].id)
    assert (kept.card_last4, kept.stripe_payment_id[:5]) == ("4242", "seti_")


def test_the_trial_of_a_free_plan_needs_no_card(club: Club) -> None:
    member = club.join("2026-01-31", plan=club.plan("free", 0, trial_days=14))
    advance(member, at("2026-02-14"))
    club.settle(at("2026-02-14"))
    assert club.subscription(member).status == "active"
