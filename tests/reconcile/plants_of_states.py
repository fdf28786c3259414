"""More differences, beside those of amounts in plants.py: payments, refunds and disputes that stand
elsewhere than Stripe has them, and rows that are missing or of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, select, update

from payments_app.core.db.clock import database_now
from payments_app.core.extensions import db
from payments_app.ledger.models import BalanceTransaction, Entry, Journal
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Payout
from payments_app.settlement.models import Part
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import make_intent
from tests.reconcile.plants import (
    MONTH,
    disputed,
    entries_of,
    journal_of,
    paid_out,
    past_triggers,
    plants,
    refunded,
)
from tests.refunds.marketplace import pay_by_destination_charge

WEEK = 7 * 24 * 3600


def now_is(transaction: str, **values: Any) -> None:
    past_triggers(update(Transaction).where(Transaction.id == transaction).values(**values))


def without(transaction: str, entry_type: str) -> None:
    """The journal of this kind was lost."""
    journal = journal_of(transaction, entry_type)
    past_triggers(
        delete(Part).where(Part.journal_id == journal),
        delete(Entry).where(Entry.journal_id == journal),
        delete(Journal).where(Journal.id == journal),
    )


def intent_of(driver: PaymentDriver, transaction: str) -> str:
    return str(driver.read(transaction).stripe_payment_id)


@plants("paid_at_stripe_not_here")
def a_paid_one_that_failed_here(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    now_is(transaction, state="failed", phase="failed", amount_received=None)


@plants("ledger_without_payment")
def a_posted_one_that_is_cancelled_here(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    now_is(transaction, state="failed", phase="canceled", amount_received=None)


@plants("complete_here_not_at_stripe")
def a_declined_one_that_is_complete_here(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay("pm_card_visa_chargeDeclined"))
    now_is(transaction, state="complete", phase="complete", amount_received=1099)


@plants("amount_differs")
def another_part_received_at_stripe(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    intent = intent_of(driver, transaction)
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent}", amount_received=1000)


@plants("status_unknown")
def a_status_that_nobody_knows(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    intent = intent_of(driver, transaction)
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent}", status="xyz_new")


@plants("second_intent")
def another_intent_of_the_same_name(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    make_intent(driver, **{"metadata[transaction_id]": transaction})


@plants("unknown_intent")
def an_intent_of_nobody(driver: PaymentDriver) -> Iterator[str]:
    yield driver.pay()
    make_intent(driver)


@plants("ended_here_open_at_stripe")
def a_cancelled_one_that_can_still_be_paid(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay("pm_card_visa_chargeDeclined"))
    now_is(transaction, phase="canceled")


@plants("dispute_differs")
def a_dispute_that_is_won_here_alone(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := disputed(driver))
    past_triggers(
        update(Dispute).where(Dispute.transaction_id == transaction).values(state="under_review")
    )


@plants("missing_ledger_entry")
def a_capture_that_was_never_posted(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    without(transaction, "capture")


@plants("ledger_amount_differs")
def a_capture_of_another_amount(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(entries_of(transaction, "capture", 1000))


@plants("stuck_pending")
def a_pending_one_that_nothing_would_end(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    now_is(transaction, state="pending", phase="processing", amount_received=None)


@plants("refund_not_in_ledger")
def a_refund_that_was_never_posted(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := refunded(driver))
    without(transaction, "refund")


@plants("stuck_refund")
def a_refund_that_nothing_would_end(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := refunded(driver))
    past_triggers(
        update(Refund).where(Refund.transaction_id == transaction).values(state="processing")
    )


@plants("dispute_not_in_ledger")
def a_dispute_that_was_never_posted(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := disputed(driver))
    without(transaction, "dispute")


@plants("fee_not_in_ledger")
def a_fee_that_is_not_known(driver: PaymentDriver) -> Iterator[str]:
    first = driver.pay()
    yield (transaction := driver.pay())
    of = BalanceTransaction.transaction_id
    since = database_now(-MONTH)  # fees are kept
    past_triggers(
        update(BalanceTransaction).where(of == first).values(read_at=since),
        delete(BalanceTransaction).where(of == transaction),
    )


@plants("ledger_share_differs")
def a_share_of_another_amount(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := pay_by_destination_charge(driver))
    past_triggers(entries_of(transaction, "transfer", 1))


@plants("payout_not_listed")
def a_payout_of_which_stripe_says_nothing(driver: PaymentDriver) -> Iterator[str]:
    yield driver.pay(order=driver.create_order(1500, "chf"))
    payout = paid_out(driver, "chf")
    past_triggers(
        update(Payout)
        .where(Payout.id == payout)
        .values(listed_at=None, status="paid", made_at=database_now(-WEEK))
    )


@plants("orphan_active_record")
def a_paid_one_that_holds_its_order_no_more(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    db.session.rollback()
    record = select(PaymentRecord.id).where(
        PaymentRecord.transaction_id == transaction, PaymentRecord.role == "pays_for"
    )
    past_triggers(
        update(PaymentRecord)
        .where(PaymentRecord.id.in_(record.scalar_subquery()))
        .values(active=False)
    )
