"""Subscribing at the checkout, and a subscriber's own page."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from demo.plans import add_demo_plans
from demo.products import add_demo_products
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.subscriptions.calendar import day_words, local_day
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.renew import advance
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient
from tests.customers import mailed_link as customers
from tests.own_worker import work_all_due

pytestmark = pytest.mark.portable


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_plans()
        add_demo_products()
    return CheckoutClient(app, client)


def work(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        work_all_due()


def subscribe(checkout: CheckoutClient, item: str = "coffee-club") -> str:
    """A subscription paid for at the checkout; its id."""
    answer = checkout.send(checkout.form(item))
    assert answer.status_code == 303, answer.text
    work(checkout)
    return one(checkout).id


def one(checkout: CheckoutClient) -> Subscription:
    with checkout.app.app_context():
        found = db.session.scalars(select(Subscription).where(own(Subscription))).one()
        db.session.expunge(found)  # or it would expire with the session
        return found


def known(checkout: CheckoutClient) -> FlaskClient:
    """The browser that subscribed, which has proved its address."""
    return customers.known(checkout, to="/account/subscriptions", browser=checkout.client)


def press(browser: FlaskClient, subscription: str, what: str, **fields: str) -> int:
    """Choose a change, read what it comes to, and press its button."""
    path = f"/account/subscriptions/{subscription}/{what}"
    page = browser.get(path, query_string=fields, headers=BROWSER).text
    return browser.post(path, data=dict(FIELD.findall(page)), headers=BROWSER).status_code


def test_the_plans_form_says_what_the_buyer_agrees_to(checkout: CheckoutClient) -> None:
    page = checkout.page("/checkout/coffee-club").text
    assert "charged $15.00 every month, until you cancel" in page
    assert dict(FIELD.findall(page))["save_card"] == "1"


def test_only_what_is_not_charged_again_is_said_to_be_paid_once(checkout: CheckoutClient) -> None:
    once, now = "You pay once, even if", "You are charged once now, even if"
    for item, said, unsaid in (("coffee-club", now, once), ("field-notes", once, now)):
        page = checkout.page(f"/checkout/{item}").text
        assert said in page
        assert unsaid not in page


def test_a_trial_is_told_in_the_shop_and_what_is_charged_after_it_in_the_form(
    checkout: CheckoutClient,
) -> None:
    shop = " ".join(checkout.page("/").text.replace("\u00a0", " ").split())
    assert '<p class="price"> Free for 14 days, then $5.00 every month </p>' in shop
    assert '<p class="price"> $15.00 every month </p>' in shop
    form = checkout.page("/checkout/letter").text
    assert "your card is kept and, after the free trial, charged $5.00 every month," in form
    assert "free trial" not in checkout.page("/checkout/coffee-club").text


def test_the_form_says_that_one_subscribes_until_the_first_payment(
    checkout: CheckoutClient,
) -> None:
    def heading(item: str, language: str = "en") -> str:
        page = checkout.client.get(f"/checkout/{item}?lang={language}", headers=BROWSER).text
        return re.findall("<h1>(.*)</h1>", page)[0]

    assert heading("coffee-club") == "Subscribe to Coffee club"
    assert heading("coffee-club", "de") == "Coffee club abonnieren"
    assert heading("letter", "de") == "The weekly letter starten"
    assert heading("field-notes") == "Pay for Field notes"
    checkout.send(checkout.form("coffee-club"), "pm_card_visa_chargeDeclined")
    work(checkout)
    with checkout.app.app_context():
        first = db.session.scalars(select(Period.id).where(own(Period))).one()
    assert heading(first) == "Subscribe to Coffee club"
    checkout.send(checkout.form(first))
    work(checkout)
    later, _ = fall_behind(checkout)
    assert heading(later) == "Pay for Monthly subscription - Coffee club"


def test_the_first_period_is_charged_at_once_and_the_card_is_kept(checkout: CheckoutClient) -> None:
    subscribe(checkout)
    with checkout.app.app_context():
        found = db.session.scalars(select(Subscription).where(own(Subscription))).one()
        assert (found.status, found.card.words) == ("active", "Visa ending in 4242")


def test_a_card_is_kept_for_a_plan_whatever_the_form_said(checkout: CheckoutClient) -> None:
    checkout.post(item="coffee-club", save_card=False)
    work(checkout)
    assert one(checkout).card_id is not None


def test_a_declined_first_payment_can_be_tried_again(checkout: CheckoutClient) -> None:
    checkout.send(checkout.form("coffee-club"), "pm_card_visa_chargeDeclined")
    work(checkout)
    with checkout.app.app_context():
        period = db.session.scalars(select(Period.id).where(own(Period))).one()
    checkout.send(checkout.form(period))
    work(checkout)
    assert one(checkout).status == "active"


def test_a_known_customer_sees_the_subscription(checkout: CheckoutClient) -> None:
    subscribe(checkout)
    page = known(checkout).get("/account/subscriptions", headers=BROWSER).text
    assert "Coffee club" in page
    assert "Visa ending in 4242" in page


def test_another_plan_is_offered_with_what_it_costs_and_how_often(checkout: CheckoutClient) -> None:
    subscribe(checkout)
    page = known(checkout).get("/account/subscriptions", headers=BROWSER).text
    assert "Coffee club plus, $26.00 every month</label>" in page


def test_an_unknown_browser_is_asked_who_it_is(checkout: CheckoutClient) -> None:
    subscribe(checkout)
    answer = checkout.page("/account/subscriptions")
    wanted = "/account?next=/account/subscriptions"
    assert (answer.status_code, answer.headers["Location"]) == (303, wanted)
    assert 'name="next" value="/account/subscriptions"' in checkout.page(wanted).text


def test_a_known_customer_cancels_at_the_periods_end_and_keeps_it_after_all(
    checkout: CheckoutClient,
) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    charged = re.compile(r"<p class=\"muted\">\s*Visa ending in 4242")
    assert press(browser, subscription, "cancellation", when="end") == 303
    assert one(checkout).cancel_at_period_end
    page = browser.get("/account/subscriptions", headers=BROWSER).text
    assert not charged.search(page)  # nor is a bill to come spoken of
    assert press(browser, subscription, "resumption") == 303
    assert not one(checkout).cancel_at_period_end
    assert charged.search(browser.get("/account/subscriptions", headers=BROWSER).text)


def test_a_known_customer_pauses_it_and_resumes(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    assert press(browser, subscription, "pause") == 303
    assert one(checkout).paused_at is not None
    assert "Paused" in browser.get("/account/subscriptions", headers=BROWSER).text
    assert press(browser, subscription, "resumption") == 303
    assert one(checkout).paused_at is None


@pytest.mark.parametrize(
    ("days", "words"), [(1, "You have access until"), (0, "Your access ended on")]
)
def test_what_is_paused_says_whether_its_access_has_ended(
    checkout: CheckoutClient, days: int, words: str
) -> None:
    @atomic
    def end(session: Session) -> dt.date:
        day = local_day(utcnow()) + dt.timedelta(days=days)
        session.execute(update(Subscription).where(own(Subscription)).values(current_end=day))
        return day

    subscription = subscribe(checkout)
    browser = known(checkout)
    assert press(browser, subscription, "pause") == 303
    with checkout.app.app_context():
        said = f"Paused. You are not charged until you resume. {words} {day_words(end())}."
    assert said in browser.get("/account/subscriptions", headers=BROWSER).text


def test_a_trials_first_payment_is_due_whether_a_card_is_charged_or_not(
    checkout: CheckoutClient,
) -> None:
    subscribe(checkout, "letter")
    page = known(checkout).get("/account/subscriptions", headers=BROWSER).text
    assert "The first payment is due on that day." in page


def test_a_known_customer_changes_the_plan(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    press(known(checkout), subscription, "plan", plan="coffee-club-plus")
    with checkout.app.app_context():
        found = db.session.scalars(select(Subscription).where(own(Subscription))).one()
        assert (found.plan.slug, found.balance) == ("coffee-club-plus", 1100)


def test_whoever_is_not_known_changes_nothing(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    checkout.page("/checkout/coffee-club")
    assert press(checkout.client, subscription, "cancellation", when="now") in (400, 404)
    assert one(checkout).status == "active"


def test_a_bill_is_paid_on_session_with_the_saved_card(checkout: CheckoutClient) -> None:
    subscribe(checkout)
    period, card = fall_behind(checkout)
    browser = known(checkout)
    body = {"item": period, "email": "ada@example.com", "saved_card": card}
    key = {"Idempotency-Key": "bill-1"}
    assert browser.post("/transactions", json=body, headers=key).status_code == 202
    work(checkout)
    assert one(checkout).status == "active"


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"current_end": None}, "Paid until a day that is not known"),
        ({"current_end": None, "cancel_at_period_end": True}, "It ends on a day that is not known"),
        ({"status": "past_due"}, "Your last bill is not paid."),
    ],
)
def test_a_row_that_lacks_its_end_or_its_bill_is_shown(
    checkout: CheckoutClient, odd: dict[str, object], words: str
) -> None:
    subscribe(checkout)
    browser = known(checkout)
    with checkout.app.app_context():
        spoil(odd)
    answer = browser.get("/account/subscriptions", headers=BROWSER)
    assert answer.status_code == 200
    assert words in answer.text


@atomic
def spoil(session: Session, odd: dict[str, object]) -> None:
    session.execute(update(Subscription).where(own(Subscription)).values(**odd))


def fall_behind(checkout: CheckoutClient) -> tuple[str, str]:
    """The next bill could not be paid without the customer; its period and the card."""
    with checkout.app.app_context():
        subscription = db.session.scalars(select(Subscription).where(own(Subscription))).one()
        card = subscription.card.id
        make_due(subscription.id, None)
        advance(subscription.id, utcnow())
        make_due(subscription.id, card)
        unpaid = select(Period.id).where(own(Period), Period.paid_at.is_(None))
        period = db.session.scalars(unpaid).one()
        return period, card


@atomic
def make_due(session: Session, subscription_id: str, card: str | None) -> None:
    """Let the next bill be due today, with or without a card to charge."""
    day = local_day(utcnow())
    unbilled = update(Subscription).where(Subscription.id == subscription_id)
    session.execute(unbilled.values(card_id=card))
    if card is None:
        session.execute(unbilled.values(billed_until=day, anchor_day=day.day))
        first = session.scalars(select(Period).where(own(Period))).one()
        first.start = first.start.replace(year=first.start.year - 1)


def read(browser: FlaskClient, subscription: str, what: str, **fields: str) -> str:
    """The page that asks, as text on one line."""
    path = f"/account/subscriptions/{subscription}/{what}"
    page = browser.get(path, query_string=fields, headers=BROWSER)
    assert page.status_code == 200
    return " ".join(page.text.replace("\u00a0", " ").split())


def test_each_change_asks_first_with_its_effect_in_money_and_dates(
    checkout: CheckoutClient,
) -> None:
    subscription = subscribe(checkout)
    browser, end = known(checkout), day_words(one(checkout).current_end)
    plan = read(browser, subscription, "plan", plan="coffee-club-plus")
    assert "Coffee club plus in place of Coffee club" in plan
    assert "<strong>$11.00 on the next bill</strong>" in plan
    assert (
        "The next payment is charged to Visa ending in 4242</span> <strong>$37.00</strong>" in plan
    )
    assert "It ends. Nothing more is charged</span> <strong>$0.00</strong>" in read(
        browser, subscription, "cancellation", when="end"
    )
    now = read(browser, subscription, "cancellation", when="now")
    assert f"The days that are left until {end} are not refunded" in now
    assert f"Until {end}" in read(browser, subscription, "pause")
    assert "We e-mail these same lines to ada@example.com." in now
    assert (one(checkout).status, one(checkout).paused_at) == ("active", None)


def test_of_a_card_it_is_said_what_it_is_charged_in_a_pause_and_before_an_end(
    checkout: CheckoutClient,
) -> None:
    subscription = subscribe(checkout)
    browser, card = known(checkout), one(checkout).card_id or ""
    end = day_words(one(checkout).current_end)
    charged = "The next payment is charged to Visa ending in 4242</span> <strong>$15.00</strong>"
    page = read(browser, subscription, "card", card=card)
    assert (charged in page, str(end) in page) == (True, True)
    assert press(browser, subscription, "pause") == 303
    page = read(browser, subscription, "card", card=card)
    assert "Nothing is charged</span> <strong>$0.00</strong>" in page
    assert (charged in page, str(end) in page) == (True, False)
    assert press(browser, subscription, "resumption") == 303
    assert press(browser, subscription, "cancellation", when="end") == 303
    page = read(browser, subscription, "card", card=card)
    assert "It ends. Nothing more is charged</span> <strong>$0.00</strong>" in page
    assert (charged in page, str(end) in page) == (False, True)
    mine = browser.get("/account/subscriptions", headers=BROWSER).text
    token = {"csrf_token": dict(FIELD.findall(mine))["csrf_token"]}
    path = f"/account/subscriptions/{subscription}/new_card"
    new = browser.post(path, data=token, headers=BROWSER).location or ""
    assert f"It ends on {end}." in browser.get(new, headers=BROWSER).text


def test_a_change_that_was_not_read_is_asked_about_and_not_made(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    path = f"/account/subscriptions/{subscription}/cancellation"
    fields = dict(FIELD.findall(browser.get(path, headers=BROWSER).text))
    fields |= {"when": "now", "seal": ""}
    answer = browser.post(path, data=fields, headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, f"{path}?when=now")
    assert one(checkout).status == "active"


def test_a_change_that_comes_to_something_else_by_now_is_asked_about_again(
    checkout: CheckoutClient,
) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    path = f"/account/subscriptions/{subscription}/cancellation"
    page = browser.get(path, query_string={"when": "now"}, headers=BROWSER).text
    with checkout.app.app_context():
        spoil({"balance": -700})
    answer = browser.post(path, data=dict(FIELD.findall(page)), headers=BROWSER)
    assert answer.status_code == 409
    assert "What it comes to has changed" in answer.text
    assert "$7.00 back" in answer.text
    assert one(checkout).status == "active"


def test_removing_a_card_asks_first_and_names_what_it_pays_for(checkout: CheckoutClient) -> None:
    subscribe(checkout)
    browser = known(checkout)
    path = f"/account/removed_cards?card={one(checkout).card_id}"
    page = " ".join(browser.get(path, headers=BROWSER).text.split())
    assert "Remove Visa ending in 4242" in page
    assert "Coffee club" in page
    assert "The next payment is due: we e-mail you a link to pay" in page
    assert one(checkout).card_id is not None
