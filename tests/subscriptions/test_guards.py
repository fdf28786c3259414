"""What a buyer has already is not sold again unasked, and one card is kept once."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from demo.plans import add_demo_plans
from demo.products import add_demo_products
from payments_app.core.extensions import db
from payments_app.customers.models import SavedCard
from payments_app.notices.models import Mail
from payments_app.orders.product_models import Product
from payments_app.subscriptions.models import Subscription
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.customers.mailed_link import known
from tests.customers.shoppers import ADA, GRACE, buy, cards, press, send, work
from tests.own_worker import work as work_on
from tests.reconcile.books import execute
from tests.security.test_stock_holds import NEEDS_BANK

pytestmark = pytest.mark.portable


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_plans()
        add_demo_products()
    return CheckoutClient(app, client)


def statuses(checkout: CheckoutClient) -> list[str]:
    with checkout.app.app_context():
        db.session.rollback()
        return list(db.session.scalars(select(Subscription.status).where(own(Subscription))))


def page(browser: FlaskClient, path: str) -> str:
    return " ".join(browser.get(path, headers=BROWSER).text.split())


def test_the_same_plan_twice_is_refused_in_words(checkout: CheckoutClient) -> None:
    form = checkout.form("coffee-club")
    assert checkout.send(form).status_code == 303
    work(checkout)
    second = checkout.send(checkout.form("coffee-club"))
    assert second.status_code == 409
    assert "You have Coffee club already." in second.text
    assert statuses(checkout) == ["active"]


def test_of_three_trials_at_once_one_is_begun(checkout: CheckoutClient) -> None:
    forms = [checkout.form("letter") for _ in range(3)]
    assert [checkout.send(form).status_code for form in forms] == [303, 409, 409]
    work(checkout)
    assert statuses(checkout) == ["trialing"]


def test_a_first_payment_that_was_declined_can_be_tried_with_the_form_of_the_plan(
    checkout: CheckoutClient,
) -> None:
    checkout.send(checkout.form("coffee-club"), "pm_card_visa_chargeDeclined")
    work(checkout)
    assert checkout.send(checkout.form("coffee-club")).status_code == 303


def test_whoever_typed_the_address_is_told_nothing_and_its_owner_is_asked_by_mail(
    checkout: CheckoutClient,
) -> None:
    buy(checkout, checkout.client, item="coffee-club")
    buy(checkout, checkout.stranger(), item="coffee-club")
    with checkout.app.app_context():
        texts = db.session.scalars(
            select(Mail.text).where(own(Mail), Mail.kind == "receipt").order_by(Mail.created_at)
        ).all()
    said = ["You have Coffee club more than once now." in text for text in texts]
    assert said == [False, True]


def test_whoever_paid_for_something_else_under_the_address_is_not_told_what_its_owner_has(
    checkout: CheckoutClient,
) -> None:
    buy(checkout, checkout.client, item="coffee-club")
    buy(checkout, checkout.client, item="sticker", payment_method=None)
    stranger = checkout.stranger()
    buy(checkout, stranger, payment_method="pm_card_visa_chargeDeclined")
    buy(checkout, stranger)
    answers = [
        send(stranger, item=item, email=email, payment_method=card)
        for item, card in (("coffee-club", "pm_card_visa"), ("sticker", None))
        for email in (ADA, GRACE)
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 409, 202]


def test_its_owner_is_told_in_any_browser_that_has_proved_the_address(
    checkout: CheckoutClient,
) -> None:
    buy(checkout, checkout.client, item="coffee-club")
    elsewhere = known(checkout, browser=checkout.stranger())
    assert send(elsewhere, item="coffee-club").json["error"]["code"] == "already_bought"


@pytest.mark.parametrize("item", ["coffee-club", "field-notes"])
def test_a_bank_s_check_that_a_stranger_left_open_keeps_the_address_s_owner_from_nothing(
    checkout: CheckoutClient, item: str
) -> None:
    buy(checkout, checkout.client, item="enamel-mug")
    ada = known(checkout, browser=checkout.client)
    with checkout.app.app_context():
        execute(update(Product).where(Product.slug == item).values(per_customer=1))
    buy(checkout, checkout.stranger(), item=item, payment_method=NEEDS_BANK)
    assert send(ada, item=item).status_code == 202
    assert send(ada, item=item).json["error"]["code"] == "already_bought"


def test_one_to_a_customer_is_one(checkout: CheckoutClient) -> None:
    assert "1</option>" not in page(checkout.client, "/checkout/sticker")
    buy(checkout, checkout.client, item="sticker", payment_method=None)
    second = send(checkout.client, item="sticker", payment_method=None)
    assert second.status_code == 409
    assert second.json["error"]["code"] == "already_bought"
    assert "One to a customer, and you have ordered 1 already." in second.json["error"]["message"]
    assert send(checkout.client, item="field-notes").status_code == 202


def test_a_card_that_is_entered_six_times_is_kept_once_with_its_newest_details(
    checkout: CheckoutClient,
) -> None:
    buy(checkout, checkout.client)
    ada = known(checkout, browser=checkout.client)
    for _ in range(6):
        buy(checkout, ada, save_card=True)
    kept = cards(checkout)
    (left,) = [card for card in kept if card.removed_at is None]
    assert left.id == kept[0].id
    assert len({card.payment_method for card in kept}) == 6
    assert all(card.detached_at for card in kept if card.removed_at)
    assert page(ada, "/account").count("<strong>Visa ending in 4242</strong>") == 1


def test_what_was_kept_before_its_owner_was_known_is_shown_once_and_removed_at_once(
    checkout: CheckoutClient,
) -> None:
    for _ in range(3):
        buy(checkout, checkout.client, save_card=True)
    ada = known(checkout, browser=checkout.client)
    assert page(ada, "/account").count("<strong>Visa ending in 4242</strong>") == 1
    shown = next(card.id for card in cards(checkout) if card.id in ada.get("/account").text)
    assert press(ada, "/account/removed_cards", card=shown) == 303
    assert [card for card in cards(checkout) if card.removed_at is None] == []


def test_another_card_is_kept_beside_it(checkout: CheckoutClient) -> None:
    buy(checkout, checkout.client)
    ada = known(checkout, browser=checkout.client)
    for method in ("pm_card_visa", "pm_card_mastercard"):
        buy(checkout, ada, save_card=True, payment_method=method)
    assert [card.removed_at for card in cards(checkout)] == [None, None]


def test_a_renewal_goes_on_with_a_card_that_was_entered_anew(checkout: CheckoutClient) -> None:
    buy(checkout, checkout.client)
    ada = known(checkout, browser=checkout.client)
    buy(checkout, ada, item="coffee-club")
    buy(checkout, ada, save_card=True)
    with checkout.app.app_context():
        (found,) = db.session.scalars(select(Subscription).where(own(Subscription)))
        newest = db.session.scalars(
            select(SavedCard).where(own(SavedCard), SavedCard.removed_at.is_(None))
        ).one()
        assert found.own_card is not None
        assert found.own_card.payment_method == newest.payment_method


def test_a_subscription_is_being_set_up_right_after_paying(checkout: CheckoutClient) -> None:
    buy(checkout, checkout.client)
    ada = known(checkout, browser=checkout.client)
    send(ada, item="coffee-club")
    assert "It is being set up." in page(ada, "/account/subscriptions")
    with checkout.app.app_context():
        work_on("charges")
    right_after = page(ada, "/account/subscriptions")
    assert "It is being set up." in right_after
    assert "No subscriptions yet." not in right_after
    work(checkout)
    assert "Paid until" in page(ada, "/account/subscriptions")
