"""read: copy what a merchant's sale left at Stripe, on our account and on theirs.

It is read after the sale, after each refund, and when Stripe tells of a transfer or a fee. Safe in
any order and twice, because each object is kept once by its id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.money import code_of
from payments_app.gateway import transfers
from payments_app.gateway.balance import retrieve_charge
from payments_app.gateway.ids import id_of
from payments_app.gateway.numbers import MOST_AMOUNT, MOST_BIGINT, moment, whole
from payments_app.gateway.refunds import refunds_of_charge
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.merchants.models import DESTINATION
from payments_app.payments.connect import records
from payments_app.payments.connect.records import MERCHANT, PLATFORM, READ, ConnectRecord
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_of
from payments_app.payments.refunds.models import Refund
from payments_app.payments.transactions.received import is_release

READ_BY_CHARGE, READ_BY_REFUND = "connect.read_by_charge", "connect.read_by_refund"
RETRY_SECONDS = 30.0


@dataclass(frozen=True)
class _Sale:
    """A merchant's sale that succeeded, as plain data."""

    transaction_id: str
    charge_id: str
    seller: str
    destination: bool


def read_records(transaction_id: str, _claim: Claim) -> None:
    """Copy the records of one transaction; do nothing to one that is no merchant's sale.

    Raises Later while Stripe can't be read, or has not named its charge.
    """
    sale = _sale(transaction_id)
    if sale is None:
        return
    read = _destination if sale.destination else _direct
    try:
        found = list(read(sale))
    except UnreadableError as error:
        raise Later(RETRY_SECONDS, str(error)) from error
    _keep(found)


def read_records_of_charge(charge_id: str, claim: Claim) -> None:
    """The same for the sale that a charge at Stripe belongs to. One that is not known yet is read
    whole by the sale's own message, later than this news."""
    transaction_id = _transaction_of(charge_id)
    if transaction_id is not None:
        read_records(transaction_id, claim)


@atomic
def read_records_of_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Stage the reading for a refund's transaction, where it is a merchant's sale."""
    refund = session.get_one(Refund, refund_id, populate_existing=True)
    transaction = session.get_one(Transaction, refund.transaction_id)
    if transaction.connected_account_id is not None:
        key = f"{READ}:{refund_id}:v{refund.version}"
        outbox.stage(session, READ, transaction.id, key=key)


def _destination(sale: _Sale) -> Iterator[ConnectRecord]:
    """On ours the charge, the transfer and our fee; on the merchant's the payment it became."""
    charge = retrieve_charge(sale.charge_id).expect_body()
    yield _record(sale, records.CHARGE, charge)
    for refund in _refunds(charge):
        yield _record(sale, records.REFUND, refund, refund=refund["id"])
    transfer_id = id_of(charge.get("transfer"))
    if transfer_id is None:
        raise UnreadableError(Verdict.UNKNOWN, {"code": "transfer_not_there_yet"})
    transfer = transfers.retrieve_transfer(transfer_id).expect_body()
    yield _record(sale, records.TRANSFER, transfer)
    for reversal in transfers.reversals_of(transfer_id):
        source = id_of(reversal.get("source_refund"))
        yield _record(sale, records.TRANSFER_REVERSAL, reversal, refund=source)
    yield from _fee(sale, charge)
    yield from _merchants_side(sale, id_of(transfer.get("destination_payment")))


def _direct(sale: _Sale) -> Iterator[ConnectRecord]:
    """On the merchant's account the charge, on ours the fee alone."""
    charge = retrieve_charge(sale.charge_id, sale.seller).expect_body()
    yield _record(sale, records.CHARGE, charge, side=MERCHANT)
    for refund in _refunds(charge, sale.seller):
        yield _record(sale, records.REFUND, refund, side=MERCHANT, refund=refund["id"])
    yield from _fee(sale, charge)


def _refunds(charge: dict[str, Any], account: str | None = None) -> list[dict[str, Any]]:
    """What was given back of a charge, without what was held of it and never captured."""
    found = refunds_of_charge(charge["id"], account)
    asked, captured = _amount(charge, "amount"), _moved(charge)
    return [refund for refund in found if not is_release(refund, asked, captured)]


def _moved(body: dict[str, Any]) -> int:
    """What an object of Stripe's moved: of a charge, what was captured of it."""
    return _amount(body, "amount_captured" if body.get("object") == "charge" else "amount")


def _amount(body: dict[str, Any], name: str) -> int:
    """Raises UnreadableError where it does not say."""
    found = whole(body.get(name), 0, MOST_AMOUNT)
    if found is None:
        raise UnreadableError(Verdict.UNKNOWN, {"code": f"{name}_not_told"})
    return found


def _fee(sale: _Sale, charge: dict[str, Any]) -> Iterator[ConnectRecord]:
    fee_id = id_of(charge.get("application_fee"))
    if fee_id is None:
        return
    yield _record(sale, records.FEE, transfers.retrieve_fee(fee_id).expect_body())
    for refund in transfers.fee_refunds_of(fee_id):
        yield _record(sale, records.FEE_REFUND, refund)


def _merchants_side(sale: _Sale, payment_id: str | None) -> Iterator[ConnectRecord]:
    """What their account shows, as long as it lets us look."""
    if payment_id is None:
        return
    answer = retrieve_charge(payment_id, sale.seller)
    if answer.verdict == Verdict.MISCONFIGURED:
        return
    yield _record(sale, records.PAYMENT, answer.expect_body(), side=MERCHANT)
    for refund in refunds_of_charge(payment_id, sale.seller):
        yield _record(sale, records.PAYMENT_REFUND, refund, side=MERCHANT)


def _record(
    sale: _Sale,
    kind: str,
    body: dict[str, Any],
    *,
    side: str = PLATFORM,
    refund: str | None = None,
) -> ConnectRecord:
    """A record of this object; `refund` is the id at Stripe of the refund that made it. Raises
    UnreadableError where it does not say how much it is of, and in what."""
    currency = code_of(body.get("currency"))
    if currency is None:
        raise UnreadableError(Verdict.UNKNOWN, {"code": "currency_not_told"})
    balance = body.get("balance_transaction")
    written = balance if isinstance(balance, dict) else {}
    return ConnectRecord(
        transaction_id=sale.transaction_id,
        refund_id=refund,
        side=side,
        kind=kind,
        account=sale.seller if side == MERCHANT else None,
        stripe_id=body["id"],
        amount=_moved(body),
        currency=currency,
        fee=whole(written.get("fee"), -MOST_BIGINT, MOST_BIGINT),
        net=whole(written.get("net"), -MOST_BIGINT, MOST_BIGINT),
        balance_currency=code_of(written.get("currency")),
        made_at=moment(body.get("created")) or utcnow(),
    )


@atomic
def _transaction_of(session: Session, charge_id: str) -> str | None:
    return session.scalar(
        select(ConnectRecord.transaction_id).where(ConnectRecord.stripe_id == charge_id)
    )


@atomic
def _sale(session: Session, transaction_id: str) -> _Sale | None:
    row = session.get(Transaction, transaction_id, populate_existing=True)
    if row is None or row.paid == 0 or row.connected_account_id is None:
        return None
    charge_id = charge_of(row)
    if charge_id is None:
        raise Later(RETRY_SECONDS, f"{transaction_id} names no charge yet")
    destination = row.charge_type == DESTINATION
    return _Sale(row.id, charge_id, row.connected_account_id, destination)


@atomic
def _keep(session: Session, found: list[ConnectRecord]) -> None:
    """Refunds of the same payment that we know are named by our own id; others have none yet."""
    named = {record.refund_id for record in found if record.refund_id}
    sales = {record.transaction_id for record in found}
    known = select(Refund.stripe_refund_id, Refund.id).where(
        Refund.stripe_refund_id.in_(named), Refund.transaction_id.in_(sales)
    )
    ours = {row.stripe_refund_id: row.id for row in session.execute(known)}
    for record in found:
        record.refund_id = ours.get(record.refund_id)
        records.keep(session, record)
