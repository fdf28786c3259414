"""Retrying a failed payment: where it makes sense, and never when money moved or may move."""

from __future__ import annotations

import pytest
import requests
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.customers.find import customer_for
from payments_app.customers.models import SavedCard
from payments_app.gateway.declines import DECLINES, DeclinePolicy
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.retries.charge import retry
from payments_app.payments.retries.request import RetryRefusedError, preview_retry, request_retry
from payments_app.payments.transactions.open import PaymentSource
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import execute

pytestmark = pytest.mark.portable
SAVED_BUT_FAILING = "pm_card_chargeCustomerFail"


def post(driver: PaymentDriver, path: str, **data: str) -> str:
    answer = requests.post(
        f"{driver.config.stripe_api_base}/v1/{path}",
        auth=(driver.config.stripe_secret_key, ""),
        data=data,
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


def pay_with_saved_card(driver: PaymentDriver, card: str = SAVED_BUT_FAILING) -> str:
    """A payment with a card that is saved at Stripe, all that is due done."""
    customer = post(driver, "customers", email="ada@example.com")
    method = post(driver, f"payment_methods/{card}/attach", customer=customer)
    source = PaymentSource(payment_method=method, stripe_customer_id=customer, off_session=True)
    return driver.pay(source=source)


def mend_card(driver: PaymentDriver, transaction: str) -> None:
    """The saved card is replaced by one that works."""
    customer = driver.read(transaction).stripe_customer_id or ""
    method = post(driver, "payment_methods/pm_card_visa/attach", customer=customer)
    execute(update(Transaction).where(Transaction.id == transaction).values(payment_method=method))


def attempts(transaction: str) -> list[Transaction]:
    """Every attempt to pay for the same order, oldest first."""
    db.session.rollback()
    mine = select(PaymentRecord.payable_id).where(
        PaymentRecord.transaction_id == transaction, PaymentRecord.role == "pays_for"
    )
    query = (
        select(Transaction)
        .join(PaymentRecord)
        .where(PaymentRecord.payable_id == mine.scalar_subquery(), PaymentRecord.role == "pays_for")
        .order_by(Transaction.attempt)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def order_of(transaction: str) -> str:
    return db.session.scalars(
        select(PaymentRecord.payable_id).where(
            PaymentRecord.transaction_id == transaction, PaymentRecord.role == "pays_for"
        )
    ).one()


def refusals(transaction: str) -> list[str]:
    db.session.rollback()
    query = select(HistoryEntry.data).where(
        HistoryEntry.transaction_id == transaction, HistoryEntry.what == "retry.refused"
    )
    return [data["message"] for data in db.session.scalars(query)]


def test_a_saved_card_is_charged_again(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    mend_card(driver, transaction)
    assert request_retry(transaction, "ada").how == "charge"
    driver.work()
    assert [(t.attempt, t.phase) for t in attempts(transaction)] == [(1, "failed"), (2, "complete")]
    assert attempts(transaction)[1].off_session


def test_the_timeline_says_who_asked_and_what_came_of_it(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    mend_card(driver, transaction)
    request_retry(transaction, "ada")
    driver.work()
    entries = db.session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.transaction_id == transaction, HistoryEntry.what.like("retry.%"))
        .order_by(HistoryEntry.id)
    ).all()
    assert [(e.what, e.actor) for e in entries] == [
        ("retry.requested", "ada"),
        ("retry.opened", "system"),
    ]
    assert entries[1].data["opened"] == attempts(transaction)[1].id


def test_the_preview_shows_card_amount_and_number(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    verdict = preview_retry(transaction)
    assert (verdict.how, verdict.attempt, verdict.money.amount) == ("charge", 2, 1099)
    assert verdict.card == "Visa ending in 0341"


def test_a_card_that_is_not_saved_is_retried_by_the_buyer(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    verdict = request_retry(transaction, "ada")
    assert verdict.how == "link"
    assert "payment link" in verdict.sentence
    record = attempts(transaction)[0]
    assert verdict.link is not None
    assert verdict.link.startswith("http://127.0.0.1:8000/checkout/ord_")
    driver.work()
    assert len(attempts(record.id)) == 1


@atomic
def save(session: Session, transaction: str, *, removed: bool) -> None:
    """The card that this payment was made with is a saved one, or was."""
    paid = session.get_one(Transaction, transaction)
    session.add(
        SavedCard(
            customer_id=customer_for(session, "ada@example.com").id,
            payment_method=paid.payment_method,
            stripe_customer_id=paid.stripe_customer_id,
            brand="visa",
            last4="0341",
            removed_at=utcnow() if removed else None,
        )
    )


@pytest.mark.parametrize(("removed", "how"), [(False, "charge"), (True, "link")])
def test_a_card_that_its_owner_removed_is_not_charged_again(
    driver: PaymentDriver, removed: bool, how: str
) -> None:
    transaction = pay_with_saved_card(driver)
    save(transaction, removed=removed)
    assert preview_retry(transaction).how == how


def test_a_card_that_is_removed_after_a_retry_was_asked_for_is_not_charged(
    driver: PaymentDriver,
) -> None:
    transaction = pay_with_saved_card(driver)
    request_retry(transaction, "ada")
    save(transaction, removed=True)
    driver.work()
    assert len(attempts(transaction)) == 1
    assert len(refusals(transaction)) == 1


def test_a_bank_that_wants_the_buyer_means_a_link(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver, "pm_card_authenticationRequired")
    assert driver.read(transaction).phase == "failed"
    assert preview_retry(transaction).how == "link"


def refuse_with_a_new_code(monkeypatch: pytest.MonkeyPatch, transaction: str) -> None:
    """The bank gave a code that the table has from today on: the buyer must act, whatever the
    sentences say."""
    monkeypatch.setitem(
        DECLINES, "approve_in_app", DeclinePolicy("B5", "S4", needs_buyer=True, takes_advice=True)
    )
    error = {"type": "card_error", "code": "card_declined", "decline_code": "approve_in_app"}
    advised = error | {"advice_code": "try_again_later"}
    execute(update(Transaction).where(Transaction.id == transaction).values(error=advised))


def test_a_code_that_needs_the_buyer_is_a_link_whatever_its_sentences(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction = pay_with_saved_card(driver)
    refuse_with_a_new_code(monkeypatch, transaction)
    assert request_retry(transaction, "ada").how == "link"
    driver.work()
    assert len(attempts(transaction)) == 1


def test_a_retry_under_way_charges_nothing_where_the_buyer_turns_out_to_be_needed(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction = pay_with_saved_card(driver)
    assert request_retry(transaction, "ada").how == "charge"
    refuse_with_a_new_code(monkeypatch, transaction)
    driver.work()
    assert len(attempts(transaction)) == 1
    assert ["must confirm" in words for words in refusals(transaction)] == [True]


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_authenticationRequired"])
def test_what_is_paid_or_open_is_not_retried(driver: PaymentDriver, card: str) -> None:
    transaction = driver.pay(card)
    assert preview_retry(transaction).how == "none"
    with pytest.raises(RetryRefusedError):
        request_retry(transaction, "ada")


@pytest.mark.parametrize("card", ["pm_card_visa_chargeDeclinedLostCard", "pm_card_radarBlock"])
def test_a_suspicious_card_is_never_retried(driver: PaymentDriver, card: str) -> None:
    verdict = preview_retry(driver.pay(card))
    assert verdict.how == "none"
    assert "must not be retried" in verdict.sentence


def test_an_older_attempt_is_not_retried(driver: PaymentDriver) -> None:
    order = driver.create_order()
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    second = driver.pay("pm_card_visa_chargeDeclined", order)
    assert "newer attempt" in preview_retry(first).sentence
    assert preview_retry(second).how == "link"


def test_an_earlier_attempt_that_turned_out_paid_stops_the_retry(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    request_retry(transaction, "ada")
    driver.work()
    assert [t.phase for t in attempts(transaction)] == ["complete"]
    assert ["succeeded" in words for words in refusals(transaction)] == [True]
    assert [i["status"] for i in driver.intents()] == ["succeeded"]


def test_an_earlier_attempt_that_turned_out_paid_while_the_buyer_begins_another_stops_the_retry(
    driver: PaymentDriver,
) -> None:
    transaction = pay_with_saved_card(driver)
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    request_retry(transaction, "ada")
    driver.open("pm_card_visa", order_of(transaction))
    retry(transaction, claim(transaction))
    assert ["succeeded" in words for words in refusals(transaction)] == [True]
    driver.work()
    assert [t.phase for t in attempts(transaction)] == ["complete", "canceled"]
    assert [i["status"] for i in driver.intents()] == ["succeeded"]


def test_nothing_is_charged_while_stripe_cannot_be_asked(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    mend_card(driver, transaction)
    request_retry(transaction, "ada")
    driver.fail_stripe("500_before", "/v1/payment_intents/pi_", times=1)
    driver.work()
    assert len(attempts(transaction)) == 1
    driver.work_all_waiting()
    assert [t.phase for t in attempts(transaction)] == ["failed", "complete"]


def test_an_earlier_attempt_that_the_bank_still_decides_stops_the_retry(
    driver: PaymentDriver,
) -> None:
    transaction = pay_with_saved_card(driver)
    driver.sandbox("POST", "/_sandbox/slow_banks", ms=60_000)
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    request_retry(transaction, "ada")
    driver.work()
    assert len(attempts(transaction)) == 1
    assert ["hasn't decided" in words for words in refusals(transaction)] == [True]


def test_a_buyer_who_pays_meanwhile_is_not_charged_again(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    mend_card(driver, transaction)
    request_retry(transaction, "ada")
    driver.open("pm_card_visa", order_of(transaction))
    driver.work()
    assert [t.phase for t in attempts(transaction)] == ["failed", "complete"]
    assert len(refusals(transaction)) == 1


def test_eight_requests_at_once_are_one_retry(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    outcomes = run_at_once(driver.app, lambda: request_retry(transaction, "ada"))
    assert sum(isinstance(o, RetryRefusedError) for o in outcomes) == 7
    assert len(driver.messages("retry")) == 1


def test_eight_retry_jobs_at_once_open_one_attempt(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    mend_card(driver, transaction)
    request_retry(transaction, "ada")
    outcomes = run_at_once(driver.app, lambda: retry(transaction, claim(transaction)))
    assert [o for o in outcomes if isinstance(o, DBAPIError)] == []
    driver.work()
    assert [t.phase for t in attempts(transaction)] == ["failed", "complete"]
    assert len(driver.intents()) == 2
    assert driver.happened(transaction).count("retry.opened") == 1


def test_a_retry_job_run_twice_opens_one_attempt(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    mend_card(driver, transaction)
    request_retry(transaction, "ada")
    driver.work()
    retry(transaction, claim(transaction))
    driver.work()
    assert len(attempts(transaction)) == 2


def test_a_retry_that_failed_is_retried_by_its_own_row(driver: PaymentDriver) -> None:
    transaction = pay_with_saved_card(driver)
    request_retry(transaction, "ada")
    driver.work()
    second = attempts(transaction)[1]
    assert second.phase == "failed"
    assert "newer attempt" in preview_retry(transaction).sentence
    assert preview_retry(second.id).how == "charge"
