"""Differences that nobody's code would make. Each makes a payment of its own with all that follows
it, hands it over, and spoils it when it is asked to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.ledger.models import BalanceTransaction, Entry, Journal
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Payout, PayoutLine
from payments_app.reconcile.read_payout import read as read_payout
from payments_app.settlement.models import Batch, Line, Part
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import create_ready_merchant
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import two_postings
from tests.refunds.marketplace import pay_by_destination_charge, pay_by_direct_charge
from tests.refunds.refund_steps import give_back, move_on, read
from tests.settlement.books import end_days

Plant = Callable[[PaymentDriver], Iterator[str]]
MONTH = 30 * 24 * 3600
PLANTS: dict[str, Plant] = {}


def plants(kind: str) -> Callable[[Plant], Plant]:
    def note(plant: Plant) -> Plant:
        PLANTS[f"{plant.__name__}: {kind}"] = plant
        return plant

    return note


@atomic
def past_triggers(session: Session, *statements: Any) -> None:
    """Change rows as nobody can who goes through the application."""
    triggers: list[Any] = []
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
    else:
        named = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = list(session.execute(named))
        for name, _ in triggers:
            session.execute(text(f"DROP TRIGGER {name}"))
    for statement in statements:
        session.execute(statement)
    for _, sql in triggers:
        session.execute(text(sql))


def journal_of(transaction: str, entry_type: str) -> int:
    db.session.rollback()
    found = select(Journal.id).where(
        Journal.transaction_id == transaction, Journal.entry_type == entry_type
    )
    return db.session.scalars(found).one()


def entries_of(transaction: str, entry_type: str, amount: int) -> Any:
    journal = journal_of(transaction, entry_type)
    return update(Entry).where(Entry.journal_id == journal).values(amount=amount)


def refunded(driver: PaymentDriver) -> str:
    transaction = driver.pay()
    give_back(driver, transaction, 300)
    return transaction


def disputed(driver: PaymentDriver) -> str:
    transaction = driver.pay("pm_card_createDispute")
    refresh_disputes(driver.read(transaction).stripe_payment_id or "", claim("x"))
    driver.work()
    return transaction


def movement_of(driver: PaymentDriver, transaction: str) -> dict[str, Any]:
    charge = (driver.read(transaction).stripe_data or {})["latest_charge"]["id"]
    found = driver.sandbox("GET", f"/v1/balance_transactions?source={charge}")["data"]
    return dict(found[0])


def finish_all(driver: PaymentDriver) -> None:
    """All that follows is done, and the days are closed."""
    driver.work_all_waiting()
    end_days()
    driver.work_all_waiting()


@plants("refund_amount_differs")
def a_refund_of_another_amount_here(driver: PaymentDriver) -> Iterator[str]:
    transaction = refunded(driver)
    yield transaction
    past_triggers(
        update(Refund).where(Refund.transaction_id == transaction).values(amount=250),
        entries_of(transaction, "refund", 250),
    )


@plants("refund_amount_differs")
def a_refund_of_another_currency_at_stripe(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := refunded(driver))
    db.session.rollback()
    of_it = select(Refund.stripe_refund_id).where(Refund.transaction_id == transaction)
    stripe_id = db.session.scalar(of_it)
    driver.sandbox("POST", f"/_sandbox/refunds/{stripe_id}", currency="eur")


@plants("refund_not_at_stripe")
def a_refund_that_stripe_never_made(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := refunded(driver))
    past_triggers(
        update(Refund)
        .where(Refund.transaction_id == transaction)
        .values(stripe_refund_id="re_never_made")
    )


@plants("refund_differs")
def a_refund_that_fails_weeks_later(driver: PaymentDriver) -> Iterator[str]:
    """And Stripe's event of it never came."""
    yield (transaction := refunded(driver))
    grow_old(driver, transaction)
    db.session.rollback()
    refund = db.session.scalars(select(Refund.id).where(Refund.transaction_id == transaction)).one()
    path = f"/_sandbox/refunds/{read(refund).stripe_refund_id}"
    driver.sandbox("POST", path, _next="failed")
    move_on(driver, refund)
    assert read(refund).state == "succeeded"


def grow_old(driver: PaymentDriver, transaction: str) -> None:
    """All of a payment and its refunds happened a month ago, here and at Stripe."""
    payment = driver.read(transaction)
    for refund in driver.sandbox("GET", f"/v1/refunds?payment_intent={payment.stripe_payment_id}")[
        "data"
    ]:
        then = refund["created"] - MONTH
        driver.sandbox("POST", f"/_sandbox/refunds/{refund['id']}", created=then)
    path = f"/_sandbox/payment_intents/{payment.stripe_payment_id}"
    driver.sandbox("POST", path, created=int(payment.created_at.timestamp()) - MONTH)
    for model, key, columns in (
        (Transaction, Transaction.id, ("created_at", "ended_at", "phase_at")),
        (Refund, Refund.transaction_id, ("created_at", "state_at")),
        (Journal, Journal.transaction_id, ("posted_at",)),
    ):
        past_triggers(
            update(model)
            .where(key == transaction)
            .values(dict.fromkeys(columns, database_now(-MONTH)))
        )


@plants("movement_differs")
def a_fee_of_another_amount_at_stripe(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    movement = movement_of(driver, transaction)
    path = f"/_sandbox/balance_transactions/{movement['id']}"
    driver.sandbox("POST", path, fee=90, net=movement["amount"] - 90)


@plants("movement_differs")
def a_fee_of_another_amount_here(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(
        update(BalanceTransaction)
        .where(BalanceTransaction.transaction_id == transaction)
        .values(fee=50, net=1049)
    )


@plants("ledger_fee_differs")
def a_fee_of_another_amount_in_the_ledger(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(entries_of(transaction, "stripe_fee", 26))


@plants("journal_unbalanced")
def a_journal_that_does_not_sum_to_zero(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    journal = journal_of(transaction, "capture")
    past_triggers(
        update(Entry)
        .where(Entry.journal_id == journal, Entry.account == "sales")
        .values(amount=1199)
    )


@plants("ledger_refund_differs")
def a_refund_of_another_amount_in_the_ledger(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := refunded(driver))
    past_triggers(entries_of(transaction, "refund", 200))


@plants("ledger_without_refund")
def a_refund_in_the_ledger_that_is_none(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    journal = {
        "id": (number := 7_000_000 + journal_of(transaction, "capture")),
        "key": f"refund_{transaction}_twice",
        "entry_type": "refund",
        "transaction_id": transaction,
        "currency": "usd",
    }
    entries = two_postings(
        number, transaction, "refund", 40, debit="refunds", credit="stripe_balance"
    )
    past_triggers(insert(Journal).values(journal), entries)


@plants("receipt_missing")
def a_receipt_that_was_never_written(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(delete(Mail).where(Mail.transaction_id == transaction))


@plants("receipt_not_sent")
def a_receipt_that_never_went(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(update(Mail).where(Mail.transaction_id == transaction).values(state="queued"))


@plants("receipt_differs")
def a_receipt_to_another_address(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(
        update(Mail).where(Mail.transaction_id == transaction).values(recipient="eve@example.com")
    )


@plants("not_settled")
def a_settlement_line_that_is_missing(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    lines = select(Line.id).where(Line.transaction_id == transaction)
    past_triggers(
        delete(Part).where(Part.line_id.in_(lines)),
        delete(Line).where(Line.transaction_id == transaction),
    )


@plants("settlement_differs")
def a_settlement_line_that_is_there_twice(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    db.session.rollback()
    line = db.session.scalars(select(Line).where(Line.transaction_id == transaction)).one()
    names = ("batch_id", "kind", "transaction_id", "amount", "stripe_fee", "currency")
    again = {name: getattr(line, name) for name in (*names, "occurred_at")}
    past_triggers(insert(Line).values(key=f"{line.key}_again", **again))


@plants("settlement_differs")
def a_settlement_line_with_another_fee(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(update(Line).where(Line.transaction_id == transaction).values(stripe_fee=-12))


@plants("settled_to_another")
def a_settlement_line_of_another_merchant(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    other = create_ready_merchant(driver)
    past_triggers(
        update(PaymentRecord)
        .where(PaymentRecord.transaction_id == transaction, PaymentRecord.role == "merchant")
        .values(payable_id=other)
    )


@plants("merchant_event_missing")
def a_merchant_s_event_that_was_never_made(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(delete(WebhookEvent).where(WebhookEvent.transaction_id == transaction))


@plants("merchant_event_differs")
def a_merchant_s_event_of_another_amount(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    db.session.rollback()
    event = db.session.scalars(
        select(WebhookEvent).where(WebhookEvent.transaction_id == transaction)
    ).one()
    body = event.body.replace('"amount":1099', '"amount":9900')
    past_triggers(update(WebhookEvent).where(WebhookEvent.id == event.id).values(body=body))


@plants("refund_event_missing")
def a_refund_s_event_that_was_never_made(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := refunded(driver))
    past_triggers(
        delete(WebhookEvent).where(
            WebhookEvent.transaction_id == transaction, WebhookEvent.type == "refund_succeeded"
        )
    )


@plants("amount_differs")
def another_currency_here(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := driver.pay())
    past_triggers(update(Transaction).where(Transaction.id == transaction).values(currency="eur"))


@plants("dispute_amount_differs")
def a_dispute_of_another_amount(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := disputed(driver))
    past_triggers(update(Dispute).where(Dispute.transaction_id == transaction).values(amount=999))


@plants("ledger_dispute_differs")
def a_dispute_of_another_amount_in_the_ledger(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := disputed(driver))
    past_triggers(entries_of(transaction, "dispute", 500))


@plants("share_not_in_ledger")
def a_share_that_is_not_in_the_ledger(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := pay_by_destination_charge(driver))
    journal = journal_of(transaction, "transfer")
    past_triggers(
        delete(Part).where(Part.journal_id == journal),
        delete(Entry).where(Entry.journal_id == journal),
        delete(Journal).where(Journal.id == journal),
    )


@plants("platform_fee_differs")
def another_platform_fee(driver: PaymentDriver) -> Iterator[str]:
    yield (transaction := pay_by_direct_charge(driver))
    past_triggers(
        update(ConnectRecord)
        .where(ConnectRecord.transaction_id == transaction, ConnectRecord.kind == "application_fee")
        .values(amount=7)
    )


@plants("batch_differs")
def a_closed_settlement_of_another_total(driver: PaymentDriver) -> Iterator[str]:
    """In yen, so that its batch is its own."""
    yield driver.pay(order=driver.create_order(1800, "jpy"))
    finish_all(driver)
    past_triggers(update(Batch).where(Batch.currency == "jpy").values(total=1))


def paid_out(driver: PaymentDriver, currency: str) -> str:
    """All that is held in a currency goes to the bank, and we are told; the payout's id."""
    made: str = driver.sandbox("POST", "/_sandbox/payouts", currency=currency)["id"]
    read_payout(made, claim(made))
    return made


@plants("payout_differs")
def a_payout_of_another_amount(driver: PaymentDriver) -> Iterator[str]:
    yield driver.pay(order=driver.create_order(1500, "eur"))
    payout = paid_out(driver, "eur")
    past_triggers(update(Payout).where(Payout.id == payout).values(amount=1400))


@plants("payout_not_here")
def a_payout_of_another_amount_at_stripe(driver: PaymentDriver) -> Iterator[str]:
    yield driver.pay(order=driver.create_order(1500, "gbp"))
    payout = paid_out(driver, "gbp")
    driver.sandbox("POST", f"/_sandbox/payouts/{payout}", amount=1)


@plants("payout_line_differs")
def a_balance_transaction_of_another_amount_in_a_payout(driver: PaymentDriver) -> Iterator[str]:
    yield driver.pay(order=driver.create_order(1500, "cad"))
    payout = paid_out(driver, "cad")
    past_triggers(
        update(PayoutLine)
        .where(PayoutLine.payout_id == payout)
        .values(amount=PayoutLine.amount + 1, fee=PayoutLine.fee + 1)
    )


@plants("payout_line_unknown")
def a_balance_transaction_of_nobody_in_a_payout(driver: PaymentDriver) -> Iterator[str]:
    yield driver.pay(order=driver.create_order(1500, "aud"))
    payout = paid_out(driver, "aud")
    nobody = {"about": None, "transaction_id": None, "source": "ch_of_nobody"}
    past_triggers(update(PayoutLine).where(PayoutLine.payout_id == payout).values(nobody))
