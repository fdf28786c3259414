"""What goes wrong between us and Stripe, struck for real by the sandbox."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import Message
from payments_app.gateway import client
from payments_app.payments.transactions.recover import recover
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable

CREATE = r"/v1/payment_intents$"
CONFIRM = r"/confirm$"
CHARGED_UNSEEN = ["500_after", "drop_after", "truncate", "html_200"]
NOT_CHARGED = ["drop_before", "html_502"]


def succeeded(driver: PaymentDriver) -> int:
    return sum(intent["status"] == "succeeded" for intent in driver.intents())


@pytest.mark.parametrize("fault", [*CHARGED_UNSEEN, *NOT_CHARGED, "500_before"])
def test_a_lost_answer_is_unknown_and_never_called_a_failure(
    driver: PaymentDriver, fault: str
) -> None:
    driver.fail_stripe(fault, CONFIRM)
    transaction = driver.read(driver.pay())
    assert (transaction.state, transaction.phase) == ("pending", "unknown")
    assert transaction.error_code is None


@pytest.mark.parametrize("fault", [*CHARGED_UNSEEN, *NOT_CHARGED])
def test_a_look_up_brings_out_what_a_lost_answer_said(driver: PaymentDriver, fault: str) -> None:
    driver.fail_stripe(fault, CONFIRM)
    transaction = driver.pay()
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"
    assert succeeded(driver) == 1


@pytest.mark.parametrize("fault", CHARGED_UNSEEN)
def test_a_decline_whose_answer_was_lost_is_found_declined(
    driver: PaymentDriver, fault: str
) -> None:
    driver.fail_stripe(fault, CONFIRM)
    transaction = driver.pay("pm_card_visa_chargeDeclinedInsufficientFunds")
    driver.work_all_waiting()
    found = driver.read(transaction)
    assert (found.phase, found.error["decline_code"]) == ("failed", "insufficient_funds")


def test_an_answer_that_never_comes_is_unknown(driver: PaymentDriver, app: Flask) -> None:
    client.connect(app, driver.config, read_seconds=0.5)
    driver.fail_stripe("hang", CONFIRM, ms=1500)
    transaction = driver.pay()
    assert driver.read(transaction).phase == "unknown"
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"


def test_an_error_that_stripe_saved_for_the_key_ends_the_attempt_there(
    driver: PaymentDriver,
) -> None:
    order = driver.create_order()
    driver.fail_stripe("500_before", CONFIRM)
    transaction = driver.pay(order=order)
    driver.work_all_waiting()
    found = driver.read(transaction)
    assert (found.phase, found.stripe_status) == ("failed", "canceled")
    assert driver.read(driver.pay(order=order)).phase == "complete"
    assert succeeded(driver) == 1


@pytest.mark.parametrize("fault", [*CHARGED_UNSEEN, *NOT_CHARGED])
def test_a_lost_answer_to_create_is_asked_for_again_with_the_same_key(
    driver: PaymentDriver, fault: str
) -> None:
    driver.fail_stripe(fault, CREATE)
    transaction = driver.pay()
    assert driver.read(transaction).phase == "processing"
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"
    assert len(driver.intents()) == 1


def test_no_second_payment_starts_while_the_first_is_unknown(driver: PaymentDriver) -> None:
    from payments_app.payments.transactions.open import ActivePaymentError

    order = driver.create_order()
    driver.fail_stripe("drop_after", CONFIRM)
    first = driver.pay(order=order)
    with pytest.raises(ActivePaymentError) as refused:
        driver.open(order=order)
    assert refused.value.transaction_id == first


@pytest.mark.parametrize("fault", ["rate_limit", "lock_timeout", "409_in_flight"])
def test_a_refusal_before_anything_happened_is_retried_with_the_same_key(
    driver: PaymentDriver, fault: str
) -> None:
    driver.fail_stripe(fault, CONFIRM)
    transaction = driver.pay()
    assert driver.read(transaction).phase == "processing"
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"
    assert succeeded(driver) == 1


def test_rate_limits_that_outlast_three_retries_fail_what_was_never_sent(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("rate_limit", CREATE, times=None)
    transaction = driver.pay()
    for _ in range(3):
        assert driver.read(transaction).phase == "processing"
        driver.work_all_waiting()
    found = driver.read(transaction)
    assert (found.phase, found.error_code) == ("failed", "rate_limit_exceeded")
    assert found.error_message == "Payment failed due to rate limiting"


def test_each_retry_is_kept_with_its_delay_and_number(driver: PaymentDriver) -> None:
    from sqlalchemy import select

    from payments_app.core.history import HistoryEntry

    driver.fail_stripe("rate_limit", CREATE, times=3)
    transaction = driver.pay()
    for _ in range(3):
        driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"
    retries = db.session.scalars(
        select(HistoryEntry.data)
        .where(HistoryEntry.what == "stripe.retry")
        .order_by(HistoryEntry.id)
    )
    assert [(r["attempt"], r["delay_seconds"]) for r in retries] == [(1, 1.0), (2, 2.0), (3, 5.0)]


@pytest.mark.parametrize("fault", ["unauthorized", "forbidden"])
def test_a_refused_key_fails_nobodys_payment_and_calls_for_help(
    driver: PaymentDriver, fault: str
) -> None:
    driver.fail_stripe(fault, CREATE)
    transaction = driver.pay()
    assert driver.read(transaction).state == "pending"
    assert [alert.kind for alert in db.session.query(Alert)] == ["stripe_misconfigured"]
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"


def test_a_charge_that_could_not_be_sent_in_time_ends_without_a_payment(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("rate_limit", CREATE)
    transaction = driver.pay()
    driver.age(transaction, 16 * 60)
    driver.work_all_waiting()
    found = driver.read(transaction)
    assert (found.phase, found.error_code) == ("canceled", "payment_expired")
    assert driver.intents() == []


def test_a_charge_nobody_worked_on_in_time_ends_without_a_payment(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.age(transaction, 16 * 60)
    driver.work()
    assert driver.read(transaction).phase == "canceled"
    assert driver.intents() == []


def test_an_intent_that_was_never_confirmed_in_time_is_cancelled_at_stripe_first(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("drop_after", CREATE)
    transaction = driver.pay()
    driver.age(transaction, 16 * 60)
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "canceled"
    assert [intent["status"] for intent in driver.intents()] == ["canceled"]


def test_a_key_that_stripe_may_have_forgotten_is_never_posted_again(driver: PaymentDriver) -> None:
    driver.fail_stripe("drop_after", CREATE)
    transaction = driver.pay()
    driver.age(transaction, 24 * 3600)
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "canceled"
    posts = driver.sandbox("GET", "/_sandbox/requests?path=payment_intents$")["requests"]
    assert len([r for r in posts if r["method"] == "POST"]) == 1


def test_an_abandoned_bank_check_is_cancelled_at_stripe_first(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_authenticationRequired")
    driver.age(transaction, 31 * 60)
    driver.work_all_waiting()
    found = driver.read(transaction)
    assert (found.phase, found.error_code) == ("canceled", "authentication_abandoned")
    assert [intent["status"] for intent in driver.intents()] == ["canceled"]


def test_a_bank_check_that_ends_as_we_expire_it_counts_as_paid(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_authenticationRequired")
    driver.pass_bank_check(transaction)
    driver.age(transaction, 31 * 60)
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"


def test_an_earlier_attempt_that_turns_out_paid_stops_the_next(driver: PaymentDriver) -> None:
    order = driver.create_order()
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    driver.confirm_behind_our_back(first, "pm_card_visa")
    second = driver.pay("pm_card_visa", order)
    assert driver.read(second).phase == "canceled"
    assert driver.read(first).phase == "complete"
    assert "corrected_to_match_stripe" in driver.happened(first)
    assert succeeded(driver) == 1


def test_the_breaker_opens_on_an_outage_and_refuses_before_sending(driver: PaymentDriver) -> None:
    driver.fail_stripe("drop_before", times=None)
    for _ in range(6):
        driver.open()
    driver.work()
    refused = driver.sandbox("GET", "/_sandbox/requests")["requests"]
    waiting = driver.open()
    driver.work()
    assert driver.read(waiting).phase == "processing"
    assert len(driver.sandbox("GET", "/_sandbox/requests")["requests"]) == len(refused)


def test_what_waited_for_stripe_runs_when_the_breaker_closes(driver: PaymentDriver) -> None:
    driver.fail_stripe("drop_before", times=None)
    payments = [driver.open() for _ in range(6)]
    driver.work()
    driver.mend_stripe()
    driver.close_breaker_time()
    driver.make_due()
    driver.work()
    assert len(driver.messages("stripe.recovered")) == 1
    driver.work_all_waiting()
    assert {driver.read(payment).phase for payment in payments} == {"complete"}


WAITING = ("charge", "look_up", "expire_action", "retry", "refunds.send", "refunds.look_up")


def test_all_that_asks_stripe_is_due_as_soon_as_it_answers_again(driver: PaymentDriver) -> None:
    @atomic
    def put_off(session: Session) -> None:
        for command in ["notices.receipt", *WAITING]:
            outbox.stage(session, command, "nobody", delay=3600)
        session.execute(update(Message).where(Message.subject == "nobody").values(tries=1))

    put_off()
    recover("stripe", claim("stripe"))
    due_by = {command: driver.messages(command)[0].available_at for command in WAITING}
    later = driver.messages("notices.receipt")[0].available_at
    assert [command for command, due_at in due_by.items() if due_at >= later] == []


def test_an_error_that_stripe_saved_for_a_create_that_never_was_fails_with_no_payment(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("500_before", CREATE)
    transaction = driver.pay()
    driver.work_all_waiting()
    found = driver.read(transaction)
    assert (found.phase, found.error_code) == ("failed", "api_error")
    assert driver.intents() == []
