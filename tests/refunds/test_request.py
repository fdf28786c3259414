"""Asking for a refund: what may be asked for, and by how many at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from payments_app.core.extensions import db
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.remaining import remaining
from payments_app.payments.refunds.request import RefundRefusedError, why_not
from tests.ledger.concurrency import run_at_once
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import ask, execute, give_back, read, refunds

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def test_a_refund_is_stored_with_its_reason_and_who_asked(driver: PaymentDriver) -> None:
    refund = read(ask(driver.pay(), 500, stripe_reason="duplicate"))
    assert (refund.state, refund.amount, refund.currency) == ("requested", 500, "usd")
    assert (refund.reason, refund.stripe_reason) == ("It arrived broken", "duplicate")
    assert refund.requested_by == "ada"


def test_the_request_is_in_the_timeline_with_its_actor(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    ask(transaction)
    assert driver.happened(transaction)[-1] == "refund.requested"


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [(1505, "kwd", "last digit of an amount with three decimals"), (1050, "isk", "whole units")],
)
def test_what_stripe_refunds_in_no_such_part_is_not_asked_for(
    app_context: None, amount: int, currency: str, words: str
) -> None:
    sale = Transaction(id="txn_1", state="complete", amount=5000, currency=currency)
    assert words in (why_not(db.session(), sale, amount, "It arrived broken") or "")


@pytest.mark.parametrize(
    ("amount", "more", "words"),
    [
        (1100, {}, r"at most \$10.99 of this payment"),
        (0, {}, "greater than zero"),
        (-5, {}, "greater than zero"),
        (100, {"reason": "  "}, "Enter a reason"),
        (100, {"stripe_reason": "because"}, "only these reasons"),
    ],
)
def test_what_cannot_be_refunded_is_refused_in_a_sentence(
    driver: PaymentDriver, amount: int, more: dict[str, Any], words: str
) -> None:
    transaction = driver.pay()
    with pytest.raises(RefundRefusedError, match=words):
        ask(transaction, amount, **more)
    assert refunds(transaction) == []


@pytest.mark.parametrize("card", ["pm_card_visa_chargeDeclined", "pm_card_authenticationRequired"])
def test_only_a_payment_that_succeeded_can_be_refunded(driver: PaymentDriver, card: str) -> None:
    with pytest.raises(RefundRefusedError, match="a successful payment"):
        ask(driver.pay(card))


def test_nothing_paid_is_nothing_to_refund(driver: PaymentDriver) -> None:
    with pytest.raises(RefundRefusedError, match="This payment was free"):
        ask(driver.pay(amount=0))


def test_refunds_in_parts_never_exceed_the_capture(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    give_back(driver, transaction, 600)
    with pytest.raises(RefundRefusedError, match=r"at most \$4.99"):
        ask(transaction, 500)
    give_back(driver, transaction, 499)
    assert remaining(db.session(), driver.read(transaction)) == 0


def test_two_staff_at_once_cannot_refund_more_than_was_paid(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    outcomes = run_at_once(driver.app, lambda: ask(transaction, 700))
    refused = [o for o in outcomes if isinstance(o, RefundRefusedError)]
    assert len(refused) == 7
    assert [r.amount for r in refunds(transaction)] == [700]


def test_one_form_sent_eight_times_is_one_refund(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    outcomes = run_at_once(driver.app, lambda: ask(transaction, 100, idempotency_key="form-1"))
    assert len(set(map(str, outcomes))) == 1
    assert len(refunds(transaction)) == 1


def test_a_forms_key_answers_no_other_refund(driver: PaymentDriver) -> None:
    transaction, other = driver.pay(), driver.pay()
    ask(transaction, 100, idempotency_key="form-1")
    for wish in ((other, 100), (transaction, 200)):
        with pytest.raises(RefundRefusedError, match="was sent before"):
            ask(*wish, idempotency_key="form-1")
    assert [refund.amount for refund in refunds(transaction)] == [100]
    assert refunds(other) == []


def test_the_database_itself_refuses_refunds_beyond_the_capture(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    ask(transaction, 600)
    with pytest.raises(DBAPIError, match="exceed"):
        execute(insert(Refund).values(**_row(transaction, 500)))


def test_the_database_itself_refuses_to_raise_a_refund_beyond_the_capture(
    driver: PaymentDriver,
) -> None:
    transaction = driver.pay()
    refund = ask(transaction, 600)
    with pytest.raises(DBAPIError, match="exceed"):
        execute(update(Refund).where(Refund.id == refund).values(amount=1100))


def test_the_database_itself_refuses_a_refund_of_nothing(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    with pytest.raises(DBAPIError, match=r"(?i)check"):
        execute(insert(Refund).values(**_row(transaction, 0)))


def _row(transaction: str, amount: int) -> dict[str, Any]:
    return {
        "id": "rfd_by_hand",
        "transaction_id": transaction,
        "state": "requested",
        "version": 1,
        "amount": amount,
        "currency": "usd",
        "reason": "by hand",
        "requested_by": "nobody",
    }
