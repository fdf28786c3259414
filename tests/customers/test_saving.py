"""A card is kept with its buyer's consent, and charged again as they wish."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from parts.process import wait_until
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.perform import perform
from payments_app.customers import cards
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer, SavedCard
from payments_app.payments.transactions.check import request_check
from payments_app.payments.transactions.open import PaymentSource
from tests.bystanders import own
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


def save(driver: PaymentDriver, card: str = "pm_card_visa") -> str:
    """Ada, who is known, pays once and lets the card be kept; the transaction's id."""
    return driver.pay(
        source=PaymentSource(payment_method=card, save_card=True, customer_known=True)
    )


def kept() -> list[SavedCard]:
    db.session.rollback()
    rows = select(SavedCard).where(own(SavedCard)).order_by(SavedCard.created_at)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def ada() -> Customer:
    db.session.rollback()
    return db.session.scalars(select(Customer).where(Customer.email == "ada@example.com")).one()


@atomic
def grace(session: Session) -> str:
    """Another customer."""
    return customer_for(session, "grace@example.com").id


def test_a_card_is_kept_with_its_buyers_consent(driver: PaymentDriver) -> None:
    save(driver)
    (card,) = kept()
    assert (card.brand, card.last4, card.words) == ("visa", "4242", "Visa ending in 4242")
    assert ada().default_payment_method_id == card.payment_method
    assert ada().stripe_customer_id == card.stripe_customer_id


def test_a_card_is_not_kept_without_consent(driver: PaymentDriver) -> None:
    driver.pay()
    assert kept() == []
    assert driver.intents()[0]["customer"] is None


def test_a_card_that_was_declined_is_not_kept(driver: PaymentDriver) -> None:
    driver.pay(source=PaymentSource(payment_method="pm_card_chargeCustomerFail", save_card=True))
    assert kept() == []


def test_a_card_is_kept_once_however_often_its_payment_is_followed(driver: PaymentDriver) -> None:
    transaction = save(driver)
    perform(Claim(0, "payment_standard", "customers.on_payment", transaction, 0, 0, 0))
    assert len(kept()) == 1


def _have_kept(driver: PaymentDriver, cards: int) -> bool:
    driver.work_all_waiting()
    return len(kept()) == cards


def test_the_customer_is_made_at_stripe_once_for_two_payments_at_once(
    driver: PaymentDriver,
) -> None:
    source = PaymentSource(payment_method="pm_card_visa", save_card=True, customer_known=True)
    driver.open(source=source)
    driver.open(source=source)
    assert wait_until(lambda: _have_kept(driver, 2), 30)  # the one that was refused comes again
    assert len(driver.sandbox("GET", "/v1/customers")["data"]) == 1


def test_a_payment_waits_while_the_customer_cannot_be_made_at_stripe(driver: PaymentDriver) -> None:
    driver.fail_stripe("rate_limit", "/v1/customers", times=1)
    transaction = save(driver)
    assert driver.read(transaction).phase == "processing"
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"


def test_an_error_that_stripe_saved_for_the_customers_key_holds_up_nobody(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("500_before", "/v1/customers", times=1)
    transaction = save(driver)
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"


def test_a_saved_card_is_charged_without_its_owner(driver: PaymentDriver) -> None:
    save(driver)
    transaction = charge()
    driver.work()
    assert driver.read(transaction).phase == "complete"


def test_a_bank_that_wants_the_owner_fails_the_charge_without_them(driver: PaymentDriver) -> None:
    transaction = save(driver, "pm_card_authenticationRequired")
    driver.pass_bank_check(transaction)
    request_check(transaction)
    driver.work()
    second = charge()
    driver.work()
    assert driver.read(second).error_code == "authentication_required"


def test_a_later_card_leaves_the_default_as_it_is(driver: PaymentDriver) -> None:
    save(driver)
    save(driver, "pm_card_mastercard")
    assert ada().default_payment_method_id == kept()[0].payment_method


def test_another_card_can_be_made_the_default(driver: PaymentDriver) -> None:
    save(driver)
    save(driver, "pm_card_mastercard")
    assert cards.choose_default(ada().id, kept()[1].id)
    assert ada().default_payment_method_id == kept()[1].payment_method
    told = select(HistoryEntry.data).where(HistoryEntry.what == "card.default")
    assert [data["last4"] for data in db.session.scalars(told)] == ["4444"]


def test_a_removed_card_is_taken_off_the_customer_at_stripe(driver: PaymentDriver) -> None:
    save(driver)
    (card,) = kept()
    cards.remove(ada().id, card.id)
    driver.work()
    at_stripe = driver.sandbox("GET", f"/v1/payment_methods/{card.payment_method}")
    assert (at_stripe["customer"], kept()[0].detached_at is None) == (None, False)


def test_removing_the_default_makes_another_card_the_default(driver: PaymentDriver) -> None:
    save(driver)
    save(driver, "pm_card_mastercard")
    first, second = kept()
    cards.remove(ada().id, first.id)
    assert ada().default_payment_method_id == second.payment_method


def test_a_removal_that_stripe_did_not_hear_is_made_later(driver: PaymentDriver) -> None:
    save(driver)
    cards.remove(ada().id, kept()[0].id)
    driver.fail_stripe("500_before", "/v1/payment_methods", times=1)
    driver.work()
    assert kept()[0].detached_at is None
    driver.work_all_waiting()
    assert kept()[0].detached_at is not None


def test_a_card_of_somebody_else_can_not_be_removed(driver: PaymentDriver) -> None:
    save(driver)
    assert not cards.remove(grace(), kept()[0].id)
    assert kept()[0].removed_at is None


@pytest.mark.parametrize(
    ("card", "status"),
    [
        ("pm_card_visa_chargeDeclined", "declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedProcessingError", "declined"),
        ("pm_card_visa", None),
    ],
)
def test_the_customer_has_a_payment_status_from_the_decline_code(
    driver: PaymentDriver, card: str, status: str | None
) -> None:
    driver.pay(card)
    assert ada().payment_status == status


def test_a_success_clears_the_payment_status(driver: PaymentDriver) -> None:
    order = driver.create_order()
    driver.pay("pm_card_visa_chargeDeclined", order)
    driver.pay("pm_card_visa", order)
    assert ada().payment_status is None


@atomic
def charge(session: Session) -> str:
    return session.scalars(select(Customer).where(own(Customer))).one().charge(500).id


@pytest.mark.parametrize(
    "none", ["", None, 7, "pm_ <b>\0 4242 4242 4242 4242", "pm_" + "1" * 400], ids=repr
)
def test_a_card_whose_id_can_not_be_read_is_nobodys(driver: PaymentDriver, none: object) -> None:
    for customer in ("first", "second"):
        said = {"payment_method": {"id": none, "object": "payment_method"}}
        driver.fail_stripe("say", "^/v1/setup_intents/.*/confirm$", set=said, times=1)
        source = PaymentSource(payment_method="pm_card_visa", save_card=True, customer_known=True)
        transaction = driver.pay(order=driver.create_order(0), source=source)
        assert driver.read(transaction).state == "complete", customer
    assert (kept(), ada().default_payment_method_id) == ([], None)
    assert [m.last_error for m in driver.messages("customers.on_payment") if m.failures] == []
