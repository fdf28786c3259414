"""An event is a hint to read again: payments go where Stripe says, whatever order it is told in."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.open import PaymentSource
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@atomic
def forget(session: Session, transaction_id: str, **values: object) -> None:
    """Put a row back to where it was before we heard anything."""
    session.execute(update(Transaction).where(Transaction.id == transaction_id).values(**values))


def open_unknown(driver: PaymentDriver) -> str:
    """A payment whose answer was lost after Stripe took the money."""
    transaction = driver.open()
    driver.fail_stripe("drop_after", "/confirm$", times=1)
    driver.work("charges")
    driver.mend_stripe()
    assert driver.read(transaction).phase == "unknown"
    return transaction


def test_an_event_completes_a_payment_whose_answer_was_lost(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = open_unknown(driver)
    post.send(post.told("payment_intent.succeeded"))
    assert driver.read(transaction).phase == "complete"


def test_an_event_tells_that_the_bank_let_a_card_be_kept(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    order = driver.create_order(0)
    card = "pm_card_authenticationRequiredOnSetup"
    transaction = driver.open(
        order=order, source=PaymentSource(payment_method=card, save_card=True)
    )
    driver.work("charges")
    driver.pass_bank_check(transaction)
    post.send(post.told("setup_intent.succeeded"))
    assert driver.read(transaction).phase == "complete"


def test_a_card_that_was_kept_elsewhere_makes_no_payment(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    event = create_event("setup_intent.succeeded", id=keep_elsewhere(post))
    post.send(event)
    assert post.state(event) == "processed"
    assert db.session.query(Transaction).where(own(Transaction)).count() == 0


def keep_elsewhere(post: WebhookSender) -> str:
    """A card is kept at Stripe without us; the setup intent's id."""
    made = post.stripe("setup_intents", confirm="true", payment_method="pm_card_visa")
    return str(made["id"])


def test_an_event_is_worked_on_once(post: WebhookSender, driver: PaymentDriver) -> None:
    transaction = open_unknown(driver)
    event = post.told("payment_intent.succeeded")
    for _ in range(3):
        post.send(event)
    assert driver.happened(transaction).count("payment.completed") == 1
    assert driver.happened(transaction).count("webhook.processed") == 1


def test_duplicates_at_once_apply_once(post: WebhookSender, driver: PaymentDriver) -> None:
    transaction = open_unknown(driver)
    event = post.told("payment_intent.succeeded")
    copies = [event | {"id": f"{event['id']}{number}"} for number in range(5)]
    assert post.send_at_once([event, *copies]) == [200] * 6
    driver.work("payment_critical")
    assert driver.happened(transaction).count("payment.completed") == 1
    assert {post.state(copy) for copy in copies} == {"processed"}


def test_events_out_of_order_move_nothing_backwards(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = driver.pay("pm_card_threeDSecure2Required")
    post.send(post.told("payment_intent.requires_action"))
    assert driver.read(transaction).phase == "requires_action"
    completed = driver.pay()
    events = [post.told(f"payment_intent.{what}") for what in ("succeeded", "created")]
    old = create_event("payment_intent.requires_action", id=events[0]["data"]["object"]["id"])
    for event in [*events, old, events[0]]:
        post.send(event)
    assert driver.read(completed).phase == "complete"


def test_an_old_failure_told_late_does_not_undo_a_success(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = driver.pay()
    intent = driver.read(transaction).stripe_payment_id
    event = create_event("payment_intent.payment_failed", id=intent)
    post.send(event)
    assert driver.read(transaction).state == "complete"
    assert post.state(event) == "processed"


def test_a_forged_claim_of_success_moves_nothing(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    intent = driver.read(transaction).stripe_payment_id
    post.send(create_event("payment_intent.succeeded", id=intent, status="succeeded"))
    assert driver.read(transaction).state == "failed"


def test_an_event_before_our_own_commit_finds_the_payment_by_its_metadata(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = driver.open()
    driver.fail_stripe("drop_after", "/confirm$", times=1)
    driver.work("charges")
    driver.mend_stripe()
    forget(transaction, stripe_payment_id=None, phase="processing")
    post.send(post.told("payment_intent.succeeded"))
    row = driver.read(transaction)
    assert (row.phase, row.stripe_payment_id is not None) == ("complete", True)


def test_an_event_before_our_charge_began_waits_for_it(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = driver.open()
    intent = post.pay_elsewhere(**{"amount": "1099", "metadata[transaction_id]": transaction})
    event = create_event(id=intent["id"])
    post.send(event)
    assert (driver.read(transaction).phase, post.state(event)) == ("created", "received")


def test_an_event_waits_while_stripe_does_not_answer(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = open_unknown(driver)
    event = post.told("payment_intent.succeeded")
    driver.fail_stripe("rate_limit", "/v1/payment_intents/pi_", times=1)
    post.send(event)
    assert post.state(event) == "received"
    driver.mend_stripe()
    driver.make_due("inbound.process")
    driver.work("payment_critical")
    assert driver.read(transaction).phase == "complete"


def test_a_correction_is_made_by_a_fresh_read(post: WebhookSender, driver: PaymentDriver) -> None:
    transaction = open_unknown(driver)
    forget(transaction, state="failed", phase="failed")
    post.send(post.told("payment_intent.succeeded"))
    assert driver.read(transaction).state == "complete"
    assert "corrected_to_match_stripe" in driver.happened(transaction)


def test_a_destination_charge_is_told_by_the_platform(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = open_unknown(driver)
    forget(transaction, connected_account_id="acct_1", charge_type="destination")
    post.send(post.told("payment_intent.succeeded"))
    assert driver.read(transaction).phase == "complete"


def test_a_success_beside_another_live_payment_is_told_to_a_person(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    order = driver.create_order()
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    second = driver.pay("pm_card_visa", order)
    other = post.pay_elsewhere(amount="1099")
    forget(first, stripe_payment_id=other["id"])
    event = create_event(id=other["id"])
    post.send(event)
    assert (driver.read(first).state, driver.read(second).state) == ("failed", "complete")
    assert "paid_twice" in post.alerts()
    assert post.state(event) == "received"


class TestQuarantine:
    """Nothing moves, and a person is told."""

    def send_changed(
        self, post: WebhookSender, driver: PaymentDriver, **values: object
    ) -> tuple[str, str]:
        transaction = open_unknown(driver)
        forget(transaction, **values)
        event = post.told("payment_intent.succeeded")
        post.send(event)
        assert "webhook_quarantined" in post.alerts()
        return post.state(event), driver.read(transaction).phase

    def test_another_amount(self, post: WebhookSender, driver: PaymentDriver) -> None:
        assert self.send_changed(post, driver, amount=1) == ("quarantined", "unknown")

    def test_another_currency(self, post: WebhookSender, driver: PaymentDriver) -> None:
        assert self.send_changed(post, driver, currency="eur") == ("quarantined", "unknown")

    def test_another_account(self, post: WebhookSender, driver: PaymentDriver) -> None:
        changed = self.send_changed(post, driver, connected_account_id="acct_1")
        assert changed == ("quarantined", "unknown")

    def test_a_second_intent_that_names_our_payment(
        self, post: WebhookSender, driver: PaymentDriver
    ) -> None:
        transaction = open_unknown(driver)
        other = post.pay_elsewhere(**{"amount": "1099", "metadata[transaction_id]": transaction})
        event = create_event(id=other["id"])
        post.send(event)
        assert (post.state(event), driver.read(transaction).phase) == ("quarantined", "unknown")

    def test_an_object_that_our_account_does_not_have(self, post: WebhookSender) -> None:
        event = create_event(id="pi_of_somebody_else")
        post.send(event)
        assert post.state(event) == "quarantined"
        assert post.alerts() == ["webhook_quarantined"]


@pytest.mark.parametrize(
    "charge",
    [
        {"payment_method_details": {"card": "visa"}},
        {"payment_method_details": ["card"]},
        {"payment_method_details": {"card": {"brand": "b" * 60, "last4": 4242}}},
        {"payment_method_details": {"card": {"brand": None, "last4": "42424"}}},
        {"receipt_url": {"href": "https://example.com"}},
        {"calculated_statement_descriptor": "S" * 60},
        {"calculated_statement_descriptor": 7},
    ],
)
def test_what_an_odd_charge_says_of_its_card_stops_no_payment(
    post: WebhookSender, driver: PaymentDriver, charge: dict[str, object]
) -> None:
    transaction = open_unknown(driver)
    (intent,) = driver.intents()
    driver.sandbox("POST", f"/_sandbox/charges/{intent['latest_charge']}", **charge)
    post.send(post.told("payment_intent.succeeded"))
    assert driver.read(transaction).phase == "complete"
    assert driver.read(transaction).amount_received == 1099


@pytest.mark.parametrize(
    "error",
    [
        {"type": "card_error", "code": 7, "message": None},
        {"type": "card_error", "code": "c" * 200},
        {"type": "card_error", "code": [], "payment_method": "pm_odd"},
        {"type": "card_error", "payment_method": {"card": ["visa"]}},
        "Your card was declined.",
        ["card_declined"],
    ],
)
def test_what_an_odd_error_says_stops_no_payment(
    post: WebhookSender, driver: PaymentDriver, error: object
) -> None:
    intent = post.pay_elsewhere("pm_card_visa_chargeDeclined")
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent['id']}", last_payment_error=error)
    post.send(post.told("payment_intent.payment_failed", intent["id"]))
    db.session.rollback()
    row = db.session.query(Transaction).where(own(Transaction)).one()
    assert row.state == "failed"
    assert row.error_message
