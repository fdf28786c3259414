"""What Stripe has no more is read there, marked, and charged no more; nothing is erased."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert, acknowledge
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.find_cards import saved_cards
from payments_app.customers.mark_gone import MOST_AN_HOUR, STOPPED
from payments_app.customers.models import Customer, GoneAtStripe, SavedCard
from payments_app.gateway import client
from payments_app.payments.transactions.open import PaymentSource
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable

NEW_CARD = PaymentSource(payment_method="pm_card_visa", save_card=True, customer_known=True)
STRANGERS = replace(NEW_CARD, customer_known=False)  # each at a customer of its own


@pytest.fixture
def post(driver: PaymentDriver) -> WebhookSender:
    return WebhookSender(driver)


def save(driver: PaymentDriver, source: PaymentSource = NEW_CARD) -> SavedCard:
    """A card that was kept with a payment."""
    paid = driver.pay(source=source)
    named = driver.read(paid).stripe_data["payment_method"]
    return db.session.scalars(select(SavedCard).where(SavedCard.payment_method == named)).one()


def now(card: SavedCard) -> SavedCard:
    db.session.rollback()
    return db.session.get_one(SavedCard, card.id, populate_existing=True)


def ada() -> Customer:
    db.session.rollback()
    return db.session.scalars(
        select(Customer)
        .execution_options(populate_existing=True)
        .filter_by(email="ada@example.com")
    ).one()


def detach(post: WebhookSender, card: SavedCard) -> None:
    post.stripe(f"payment_methods/{card.payment_method}/detach")


def hear(post: WebhookSender, type_: str, stripe_id: str, **content: Any) -> None:
    post.send(create_event(type_, **{"id": stripe_id} | content))
    post.driver.work_all_waiting()


@atomic
def _let_an_hour_pass(session: Session) -> None:
    session.execute(update(GoneAtStripe).values(found_at=database_now(-3601)))
    acknowledge(session, STOPPED, "ada")


def test_a_customer_deleted_at_stripe_is_marked_with_their_cards(
    driver: PaymentDriver, post: WebhookSender
) -> None:
    card = save(driver)
    theirs = card.stripe_customer_id
    driver.sandbox("DELETE", f"/v1/customers/{theirs}")
    hear(post, "customer.deleted", theirs)
    assert (ada().stripe_customer_id, ada().known_at_stripe) == (theirs, None)
    assert ada().default_payment_method_id is None
    assert saved_cards(db.session(), ada().id) == []
    assert (now(card).removed_at is not None, card.last4) == (True, "4242")


@pytest.mark.parametrize("heard", [True, False])
def test_a_customer_deleted_at_stripe_can_pay_and_keep_a_card_again(
    driver: PaymentDriver, post: WebhookSender, heard: bool
) -> None:
    card = save(driver)
    theirs = card.stripe_customer_id
    driver.sandbox("DELETE", f"/v1/customers/{theirs}")
    if heard:
        hear(post, "customer.deleted", theirs)
    else:
        again = replace(NEW_CARD, stripe_customer_id=ada().known_at_stripe)
        refused = driver.read(driver.pay(source=again))
        assert (refused.phase, refused.error["param"]) == ("failed", "customer")
        driver.work_all_waiting()
    kept = save(driver, replace(NEW_CARD, stripe_customer_id=ada().known_at_stripe))
    assert kept.stripe_customer_id != theirs
    assert ada().known_at_stripe == kept.stripe_customer_id
    assert ada().default_payment_method_id == kept.payment_method


def test_a_card_that_was_taken_off_at_stripe_is_offered_no_more(
    driver: PaymentDriver, post: WebhookSender
) -> None:
    another = replace(NEW_CARD, payment_method="pm_card_mastercard", stripe_customer_id=None)
    first, second = save(driver), save(driver, another)
    detach(post, first)
    hear(post, "payment_method.detached", first.payment_method)
    assert [card.id for card in saved_cards(db.session(), ada().id)] == [second.id]
    assert ada().default_payment_method_id == second.payment_method


def test_a_refused_charge_of_a_card_that_is_gone_is_the_last(
    driver: PaymentDriver, post: WebhookSender
) -> None:
    card = save(driver)
    detach(post, card)
    refused = driver.read(driver.pay(source=card.payment_source(off_session=True)))
    assert refused.phase == "failed"
    driver.work_all_waiting()
    assert now(card).removed_at is not None
    left = driver.read(driver.pay(source=card.payment_source(off_session=True)))
    assert (left.phase, left.error_code) == ("canceled", "card_removed")


@pytest.mark.parametrize("kind", ["payment_method.detached", "payment_method.updated"])
def test_an_event_is_only_a_hint(driver: PaymentDriver, post: WebhookSender, kind: str) -> None:
    card = save(driver)
    hear(post, kind, card.payment_method, customer=None)
    hear(post, "customer.deleted", card.stripe_customer_id, deleted=True)
    assert now(card).removed_at is None
    assert ada().known_at_stripe == card.stripe_customer_id


def test_a_declined_card_is_not_gone(driver: PaymentDriver) -> None:
    card = save(driver)
    driver.fail_stripe("refuse", "/confirm$", set={"message": "Odd.", "code": "new_code"})
    assert driver.read(driver.pay(source=card.payment_source(off_session=True))).phase == "failed"
    driver.work_all_waiting()
    assert now(card).removed_at is None


def test_nothing_is_forgotten_while_stripe_does_not_answer(
    driver: PaymentDriver, post: WebhookSender
) -> None:
    card = save(driver)
    detach(post, card)
    driver.fail_stripe("unauthorized", "/v1/payment_methods/", times=None)
    hear(post, "payment_method.detached", card.payment_method)
    assert now(card).removed_at is None
    driver.mend_stripe()
    driver.work_all_waiting()
    assert now(card).removed_at is not None


@pytest.mark.parametrize(
    ("what", "call"),
    [("payment_method.updated", "card_retrieve"), ("customer.deleted", "customer_retrieve")],
)
def test_a_person_is_told_where_stripe_does_not_let_us_look(
    driver: PaymentDriver, post: WebhookSender, what: str, call: str
) -> None:
    card = save(driver)
    driver.fail_stripe("forbidden", "^/v1/(payment_methods|customers)/", times=None)
    hear(post, what, card.payment_method if call == "card_retrieve" else card.stripe_customer_id)
    (alert,) = db.session.scalars(select(Alert).where(Alert.kind == "stripe_unread"))
    assert (alert.key, alert.severity) == (f"unread:{call}:permission_error", "warning")
    assert "Connected account permission denied" in alert.message
    assert card.payment_method not in alert.message


def test_a_person_is_told_of_an_outage_that_lasts(
    driver: PaymentDriver, post: WebhookSender
) -> None:
    card = save(driver)
    driver.fail_stripe("rate_limit", "^/v1/payment_methods/", times=None)
    hear(post, "payment_method.updated", card.payment_method)
    told = select(Alert.key).where(Alert.kind == "stripe_unread")
    assert db.session.scalars(told).all() == []
    for _ in range(3):
        driver.work_all_waiting()
    assert db.session.scalars(told).all() == ["unread:card_retrieve:rate_limit"]


@pytest.mark.parametrize("kind", ["payment_method.updated", "payment_method.automatically_updated"])
def test_a_card_that_its_network_renewed_shows_its_new_digits(
    driver: PaymentDriver, post: WebhookSender, kind: str
) -> None:
    card = save(driver)
    read = driver.sandbox("GET", f"/v1/payment_methods/{card.payment_method}")["card"]
    renewed = {**read, "last4": "1881", "exp_month": 3, "exp_year": 2031}
    path = f"/_sandbox/payment_methods/{card.payment_method}"
    driver.sandbox("POST", path, card=renewed)
    hear(post, kind, card.payment_method)
    found = now(card)
    assert (found.last4, found.exp_month, found.exp_year) == ("1881", 3, 2031)
    assert found.removed_at is None


def test_with_a_key_of_another_account_forgetting_stops_and_a_person_is_called(
    driver: PaymentDriver, post: WebhookSender
) -> None:
    kept = [save(driver, STRANGERS) for _ in range(MOST_AN_HOUR + 2)]
    other = replace(driver.config, stripe_secret_key="sk_test_of_another_account")
    client.connect(driver.app, other)
    for card in kept:
        hear(post, "payment_method.detached", card.payment_method)
    assert [now(card).removed_at is None for card in kept] == [False] * MOST_AN_HOUR + [True] * 2
    stopped = db.session.scalars(select(Alert).where(Alert.key == STOPPED)).one()
    assert (stopped.kind, stopped.severity) == ("forgetting_stopped", "critical")
    _let_an_hour_pass()
    client.connect(driver.app, driver.config)
    driver.work_all_waiting()
    assert [now(card).removed_at is None for card in kept[-2:]] == [True, True]


def test_one_customer_with_many_cards_is_forgotten_as_one(
    driver: PaymentDriver, post: WebhookSender
) -> None:
    first = save(driver)
    theirs = first.stripe_customer_id
    kept = [save(driver, replace(NEW_CARD, stripe_customer_id=theirs)) for _ in range(6)]
    driver.sandbox("DELETE", f"/v1/customers/{theirs}")
    hear(post, "customer.deleted", theirs)
    assert {now(card).removed_at is None for card in kept} == {False}
