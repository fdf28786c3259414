"""Payments to each of which something else happened."""

from __future__ import annotations

from collections.abc import Callable

from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.disputes.warn import warn
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import ask, give_back, move_on, read


def bank_sends_back(driver: PaymentDriver) -> tuple[str, str]:
    """A payment and its refund, which succeeded, and which the bank sent back weeks later."""
    transaction = driver.pay("pm_card_refundFail")
    refund = give_back(driver, transaction)
    move_on(driver, refund)
    theirs = read(refund).stripe_refund_id or ""
    refresh_refunds(theirs, claim(theirs))
    driver.work()
    return transaction, refund


def open_dispute(driver: PaymentDriver) -> str:
    transaction = driver.pay("pm_card_createDispute")
    _hear_of_dispute(driver, transaction)
    return transaction


def lose_dispute(driver: PaymentDriver) -> str:
    transaction = open_dispute(driver)
    close = f"/v1/disputes/{_dispute_of(driver, transaction)}/close"
    driver.sandbox("POST", close)
    _hear_of_dispute(driver, transaction)
    return transaction


def win_with_less_back(driver: PaymentDriver) -> str:
    transaction = open_dispute(driver)
    theirs = _dispute_of(driver, transaction)
    (taken,) = driver.sandbox("GET", f"/v1/disputes/{theirs}")["balance_transactions"]
    part = {"id": f"txn_part_{theirs}", "amount": 500, "fee": 0, "net": 500, "fee_details": []}
    moved = [taken, taken | part]
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", status="won", balance_transactions=moved)
    _hear_of_dispute(driver, transaction)
    return transaction


def _dispute_of(driver: PaymentDriver, transaction: str) -> str:
    listed = driver.sandbox("GET", "/v1/disputes")["data"]
    intent = driver.read(transaction).stripe_payment_id
    (theirs,) = [each["id"] for each in listed if each["payment_intent"] == intent]
    return str(theirs)


def _hear_of_dispute(driver: PaymentDriver, transaction: str) -> None:
    theirs = _dispute_of(driver, transaction)
    refresh_disputes(theirs, claim(theirs))
    driver.work()


def warn_of_fraud(driver: PaymentDriver) -> str:
    transaction = driver.pay("pm_card_createIssuerFraudRecord")
    return warned(driver, transaction)


def warned(driver: PaymentDriver, transaction: str) -> str:
    intent = driver.read(transaction).stripe_payment_id
    listed = driver.sandbox("GET", "/v1/radar/early_fraud_warnings")["data"]
    (theirs,) = [each["id"] for each in listed if each["payment_intent"] == intent]
    warn(theirs, claim(theirs))
    return transaction


def _refunded(driver: PaymentDriver, amount: int) -> str:
    transaction = driver.pay()
    give_back(driver, transaction, amount)
    return transaction


def _refund_pending(driver: PaymentDriver) -> str:
    transaction = driver.pay()
    ask(transaction, 300)
    return transaction


def _failed(driver: PaymentDriver) -> str:
    """Declined, and its order paid by the next attempt."""
    order = driver.create_order()
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    driver.pay("pm_card_visa", order)
    return first


# By the status that each is in.
TRUTHS: dict[str, Callable[[PaymentDriver], str]] = {
    "complete": lambda driver: driver.pay(),
    "requires_action": lambda driver: driver.pay("pm_card_authenticationRequired"),
    "failed": _failed,
    "refunded": lambda driver: _refunded(driver, 1099),
    "partly_refunded": lambda driver: _refunded(driver, 500),
    "refund_failed": lambda driver: bank_sends_back(driver)[0],
    "disputed": open_dispute,
    "dispute_lost": lose_dispute,
    "dispute_won": win_with_less_back,
    "refund_pending": _refund_pending,
}
