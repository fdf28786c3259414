"""stripe_records: what a merchant's sale left at Stripe, as records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from payments_app.core.db.clock import utcnow
from payments_app.core.money import code_of
from payments_app.gateway import transfers
from payments_app.gateway.balance import retrieve_charge
from payments_app.gateway.ids import id_of
from payments_app.gateway.numbers import MOST_AMOUNT, MOST_BIGINT, moment, whole
from payments_app.gateway.refunds import refunds_of_charge
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.payments.connect import records
from payments_app.payments.connect.records import MERCHANT, PLATFORM, ConnectRecord
from payments_app.payments.transactions.received import is_release


@dataclass(frozen=True)
class Sale:
    """A merchant's sale that succeeded, as plain data."""

    transaction_id: str
    charge_id: str
    seller: str
    destination: bool


def of_destination_charge(sale: Sale) -> Iterator[ConnectRecord]:
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


def of_direct_charge(sale: Sale) -> Iterator[ConnectRecord]:
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


def _fee(sale: Sale, charge: dict[str, Any]) -> Iterator[ConnectRecord]:
    fee_id = id_of(charge.get("application_fee"))
    if fee_id is None:
        return
    yield _record(sale, records.FEE, transfers.retrieve_fee(fee_id).expect_body())
    for refund in transfers.fee_refunds_of(fee_id):
        yield _record(sale, records.FEE_REFUND, refund)


def _merchants_side(sale: Sale, payment_id: str | None) -> Iterator[ConnectRecord]:
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
    sale: Sale,
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
