"""A subscription of somebody who has not proved the address: its card is charged as it was agreed,
and is neither shown to the address's owner nor spent by them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.plans import add_demo_plans
from demo.products import add_demo_products
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.find import customer_for
from payments_app.customers.models import SavedCard
from payments_app.notices.models import Mail
from payments_app.payments.retries.request import preview_retry, request_retry
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from payments_app.subscriptions import change
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.renew import stage_due
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient
from tests.customers.mailed_link import known
from tests.customers.shoppers import ADA, GRACE, buy, cards
from tests.subscriptions.billing_driver import BillingDriver, at
from tests.whole_words import says

pytestmark = pytest.mark.portable
POOR = "pm_card_chargeCustomerFail"


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_products()
        add_demo_plans()
    return CheckoutClient(app, client)


@pytest.fixture
def owner(checkout: CheckoutClient) -> FlaskClient:
    """Ada, who is known and has saved a Visa. Somebody else subscribed under her address."""
    browser = checkout.stranger()
    buy(checkout, browser)
    known(checkout, browser=browser)
    buy(checkout, browser, save_card=True)
    buy(checkout, checkout.client, item="coffee-club", payment_method="pm_card_mastercard")
    return browser


def subscription(checkout: CheckoutClient) -> Subscription:
    with checkout.app.app_context():
        db.session.rollback()
        found = db.session.scalars(select(Subscription).where(own(Subscription))).one()
        db.session.expunge_all()
        return found


def page(browser: FlaskClient) -> str:
    return browser.get("/account/subscriptions", headers=BROWSER).text


def ask(checkout: CheckoutClient, browser: FlaskClient, what: str, **form: str) -> int:
    """Read what a change comes to, and press its button; the last answer's status."""
    path = f"/account/subscriptions/{subscription(checkout).id}/{what}"
    page = browser.get(path, query_string=form, headers=BROWSER)
    if page.status_code != 200:
        return page.status_code
    return browser.post(path, data=dict(FIELD.findall(page.text)), headers=BROWSER).status_code


# What was agreed goes on.


def test_renewals_are_charged_on_the_card_by_its_own_stripe_customer(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-01-31", known=False)
    billing.go_to("2026-02-28")
    billing.go_to("2026-03-31")
    assert billing.starts(member) == ["2026-01-31", "2026-02-28", "2026-03-31"]
    card = billing.subscription(member).card
    assert {attempt.stripe_customer_id for attempt in billing.attempts(member)} == {
        card.stripe_customer_id
    }


def test_the_first_bill_after_a_trial_is_charged_on_it(billing: BillingDriver) -> None:
    plan = billing.plan("letter", 500, trial_days=14)
    member = billing.join("2026-01-31", plan=plan, known=False)
    billing.go_to("2026-02-14")
    assert billing.subscription(member).status == "active"


def test_a_refused_renewal_is_tried_again_on_it(billing: BillingDriver) -> None:
    member = billing.join(known=False)
    billing.take_card(member, POOR)
    billing.go_to("2026-02-28")
    billing.take_card(member, "pm_card_visa")
    billing.go_to("2026-03-01")
    assert billing.subscription(member).status == "active"


@pytest.mark.parametrize("known", [True, False])
def test_staff_may_have_a_refused_renewal_charged_again(
    billing: BillingDriver, known: bool
) -> None:
    verdict = preview_retry(refused(billing, known=known)[1])
    assert verdict.how == "charge"
    assert ("has not proved the e-mail address" in verdict.sentence) is not known


def refused(billing: BillingDriver, *, known: bool = False) -> tuple[str, str]:
    """A subscription of which a renewal was refused, and the payment."""
    member = billing.join(known=known)
    billing.take_card(member, POOR)
    billing.go_to("2026-02-28")
    return member, billing.attempts(member)[0].id


def save_own_card(billing: BillingDriver) -> str:
    """The address's owner proves it and saves a card; its id."""
    source = PaymentSource(payment_method="pm_card_mastercard", save_card=True, customer_known=True)
    billing.pay(source=source)
    own = db.session.scalars(select(SavedCard).where(SavedCard.brand == "mastercard")).one()
    return own.id


def test_staff_can_not_charge_a_card_that_the_subscription_has_left(
    billing: BillingDriver,
) -> None:
    member, payment = refused(billing)
    own = save_own_card(billing)
    change.use_card(member, own, at("2026-02-28"))
    assert (preview_retry(payment).how, billing.subscription(member).card_id) == ("link", own)
    assert request_retry(payment, "stf_1").how == "link"
    billing.work("charges")
    assert [attempt.id for attempt in billing.attempts(member)] == [payment]


def test_neither_does_a_retry_that_was_asked_for_before(billing: BillingDriver) -> None:
    member, payment = refused(billing)
    own = save_own_card(billing)
    assert request_retry(payment, "stf_1").how == "charge"
    change.use_card(member, own, at("2026-02-28"))
    billing.work("charges")
    assert [attempt.id for attempt in billing.attempts(member)] == [payment]
    assert "retry.refused" in billing.happened(payment)


def test_staff_who_resume_it_leave_the_card(billing: BillingDriver) -> None:
    other = billing.join("2026-01-31", plan=billing.plan("letter", 500))
    member = billing.join("2026-01-31", known=False)
    change.pause(member, at("2026-02-10"), actor="stf_1")
    before = billing.succeeded()
    change.resume(member, at("2026-02-20"), actor="stf_1")
    assert billing.subscription(member).card_id is None
    assert billing.subscription(other).card_id is not None
    billing.go_to("2026-02-28")
    assert billing.succeeded() == before + 1
    assert (billing.starts(member), len(billing.starts(other))) == (["2026-01-31"], 2)
    assert billing.subscription(member).status == "past_due"
    assert billing.subscription(other).status == "active"


# The address's owner neither sees nor spends it.


def test_the_owner_of_the_address_does_not_see_the_card(
    checkout: CheckoutClient, owner: FlaskClient
) -> None:
    assert "Coffee club" in page(owner)
    assert "Mastercard" not in page(owner)


def test_the_letter_before_a_trial_ends_does_not_name_the_card(billing: BillingDriver) -> None:
    plan = billing.plan("letter", 500, trial_days=14)
    billing.join("2026-01-31", plan=plan, known=False)
    stage_due(at("2026-02-12"))
    billing.work("payment_standard")
    mail = db.session.scalars(select(Mail).where(Mail.kind == "trial_ending")).one()
    assert not says(mail.text + mail.html, "4242")
    assert "We charge the card that was entered for it." in mail.text


def test_who_has_proved_the_address_reads_which_card_is_charged(billing: BillingDriver) -> None:
    plan = billing.plan("letter", 500, trial_days=14)
    billing.join("2026-01-31", plan=plan)
    stage_due(at("2026-02-12"))
    billing.work("payment_standard")
    mail = db.session.scalars(select(Mail).where(Mail.kind == "trial_ending")).one()
    assert "We charge your Visa ending in 4242." in mail.text


@pytest.mark.parametrize("when", ["end", "now"])
def test_the_owner_may_end_it(checkout: CheckoutClient, owner: FlaskClient, when: str) -> None:
    assert ask(checkout, owner, "cancellation", when=when) == 303
    found = subscription(checkout)
    assert found.cancel_at_period_end if when == "end" else found.status == "canceled"


def test_another_plan_is_not_charged_on_it(checkout: CheckoutClient, owner: FlaskClient) -> None:
    assert ask(checkout, owner, "plan", plan="coffee-club-plus") == 303
    found = subscription(checkout)
    assert (found.card_id, found.balance) == (None, 1100)
    assert "No card is charged for it. We e-mail you a link" in page(owner)


def test_what_is_resumed_is_not_charged_on_it(checkout: CheckoutClient, owner: FlaskClient) -> None:
    assert ask(checkout, owner, "pause") == 303
    assert ask(checkout, owner, "resumption") == 303
    assert subscription(checkout).card_id is None


def test_what_is_kept_after_all_is_not_charged_on_it(
    checkout: CheckoutClient, owner: FlaskClient
) -> None:
    assert ask(checkout, owner, "cancellation", when="end") == 303
    assert ask(checkout, owner, "resumption") == 303
    assert subscription(checkout).card_id is None


def test_the_owner_may_pay_for_it_with_a_card_of_their_own(
    checkout: CheckoutClient, owner: FlaskClient
) -> None:
    mine = cards(checkout)[0].id
    assert f'value="{mine}"' in page(owner)
    assert ask(checkout, owner, "card", card=mine) == 303
    assert subscription(checkout).card_id == mine
    ask(checkout, owner, "plan", plan="coffee-club-plus")
    assert subscription(checkout).card_id == mine


def test_the_owner_can_not_choose_it_for_another_subscription(
    checkout: CheckoutClient, owner: FlaskClient
) -> None:
    theirs = subscription(checkout).card_id
    assert ask(checkout, owner, "card", card=cards(checkout)[0].id) == 303
    assert ask(checkout, owner, "card", card=str(theirs)) == 409


def test_the_browser_that_subscribed_sees_and_changes_it_once_it_has_proved_the_address(
    checkout: CheckoutClient, owner: FlaskClient
) -> None:
    browser = known(checkout, browser=checkout.client)
    assert "Mastercard ending in 4444" in page(browser)
    ask(checkout, browser, "plan", plan="coffee-club-plus")
    assert subscription(checkout).card_id is not None


# One bill that somebody else paid.


def lapsed(billing: BillingDriver) -> tuple[str, str]:
    """Ada's subscription, of which a bill was refused; and that bill's period."""
    member = billing.join()
    billing.take_card(member, POOR)
    billing.go_to("2026-02-28")
    return member, billing.periods(member)[-1].id


@atomic
def _pay(
    session: Session, period: str, email: str, *, known: bool, card: str = "pm_card_visa"
) -> None:
    customer = customer_for(session, email)
    source = PaymentSource(payment_method=card, save_card=True, customer_known=known)
    open_transaction(
        session,
        session.get_one(Period, period),
        customer_id=customer.id,
        email=email,
        source=source,
    )


@pytest.mark.parametrize("known", [True, False])
def test_who_pays_anothers_bill_is_not_charged_for_the_next(
    billing: BillingDriver, known: bool
) -> None:
    member, period = lapsed(billing)
    before = billing.subscription(member).card_id
    _pay(period, GRACE, known=known)
    billing.run_due(at("2026-02-28"))
    found = billing.subscription(member)
    assert (found.status, found.card_id) == ("active", before)


def test_who_only_typed_the_address_replaces_no_card(billing: BillingDriver) -> None:
    member, period = lapsed(billing)
    before = billing.subscription(member).card_id
    _pay(period, ADA, known=False)
    billing.run_due(at("2026-02-28"))
    assert billing.subscription(member).card_id == before


def test_the_owner_who_pays_with_another_card_goes_on_with_it(billing: BillingDriver) -> None:
    member, period = lapsed(billing)
    before = billing.subscription(member).card_id
    _pay(period, ADA, known=True, card="pm_card_mastercard")
    billing.run_due(at("2026-02-28"))
    assert billing.subscription(member).card_id not in (None, before)


def test_who_is_led_to_a_bill_of_anothers_pays_that_one_alone(checkout: CheckoutClient) -> None:
    ada = checkout.stranger()
    buy(checkout, ada)
    known(checkout, browser=ada)
    buy(checkout, ada, save_card=True)
    declined = "pm_card_visa_chargeDeclined"
    buy(checkout, checkout.client, item="coffee-club", email=GRACE, payment_method=declined)
    with checkout.app.app_context():
        period = db.session.scalars(select(Period.id).where(own(Period))).one()
    buy(checkout, ada, item=period, payment_method=None, saved_card=cards(checkout)[0].id)
    found = subscription(checkout)
    assert (found.status, found.card_id) == ("active", None)
