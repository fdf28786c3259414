"""What a subscriber's pages say of the card: which one is charged, and from when."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.subscriptions import test_pages
from tests.subscriptions.test_new_card import ask_for, take_card_away
from tests.subscriptions.test_pages import fall_behind, known, subscribe

pytestmark = pytest.mark.portable
checkout = test_pages.checkout

AFTER_A_TRIAL = "after the free trial, charged $5.00 every month"
CHARGED = "your card is kept and charged $5.00 every month"


def test_no_card_is_shown_as_charged_where_none_is(checkout: CheckoutClient) -> None:
    def chosen() -> list[str]:
        page = browser.get("/account/subscriptions", headers=BROWSER).text
        options = re.findall(r"<option(.*?)>(.*?)</option>", page, re.S)
        return [words for marks, words in options if "selected" in marks] or [options[0][1]]

    subscribe(checkout)
    browser = known(checkout)
    with checkout.app.app_context():
        take_card_away()
    assert chosen() == ["Choose a card"]


@atomic
def end_trial(session: Session) -> None:
    session.scalars(select(Subscription).where(own(Subscription))).one().status = "active"


def test_a_free_trial_that_is_over_is_not_spoken_of(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout, "letter")
    browser = known(checkout)

    def said(path: str) -> str:
        return browser.get(path, headers=BROWSER).text.replace("\u00a0", " ")

    assert AFTER_A_TRIAL in said(ask_for(browser, subscription))
    with checkout.app.app_context():
        first = db.session.scalars(select(Period).where(own(Period))).one()
        assert AFTER_A_TRIAL in first.card_terms
        end_trial()
    assert CHARGED in said(ask_for(browser, subscription))
    later, _ = fall_behind(checkout)
    assert CHARGED in said(f"/checkout/{later}")


@atomic
def end_with_the_period(session: Session) -> None:
    found = session.scalars(select(Subscription).where(own(Subscription))).one()
    found.cancel_at_period_end = True


def test_nobody_agrees_to_be_charged_each_month_for_what_ends(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    path = ask_for(browser, subscription)
    agreed = "You agree that your card is kept and charged"
    assert agreed in browser.get(path, headers=BROWSER).text
    with checkout.app.app_context():
        end_with_the_period()
    page = browser.get(path, headers=BROWSER).text
    assert "You agree that your card is kept." in page
    assert agreed not in page


@pytest.mark.parametrize(
    ("item", "said", "unsaid"),
    [("letter", "send it again", "pay again"), ("field-notes", "pay again", "send it again")],
)
def test_only_who_pays_is_told_not_to_pay_again(
    checkout: CheckoutClient, item: str, said: str, unsaid: str
) -> None:
    begun = checkout.post(item=item).json["id"]
    page = checkout.page(f"/transactions/{begun}").text
    assert page.count(f"Don&#39;t {said}.") + page.count(f"Don't {said}.") >= 2
    assert f"t {unsaid}." not in page
