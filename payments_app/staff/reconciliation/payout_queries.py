"""Payouts as staff read them: what reached the bank, and what each is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from payments_app.core.money import Money
from payments_app.payments.models import Transaction
from payments_app.reconcile.models import Payout, PayoutLine
from payments_app.staff import cache
from payments_app.staff.cells import in_words
from payments_app.staff.zones import When, when

SHOWN = 100  # of either list, on a page
_PARTS = {
    **dict.fromkeys(("charge", "payment"), "payments"),
    **dict.fromkeys(("refund", "payment_refund"), "refunds"),
    "stripe_fee": "fees",
    **dict.fromkeys(("application_fee", "application_fee_refund"), "our fees of merchants' sales"),
    **dict.fromkeys(("transfer", "transfer_refund"), "merchants' shares"),
    "adjustment": "disputes and corrections",
}
MANUAL = "Manual: Stripe does not say what it is made of, so it can't be compared."


@dataclass(frozen=True)
class PayoutRow:
    """One payout: `compared` says whether it is what it is made of, `agrees` is None where that
    can't be said."""

    payout: Payout
    arrives: When | None
    made: When | None
    compared: str
    agrees: bool | None


@dataclass(frozen=True)
class Sum:
    """What the balance transactions of one type come to."""

    words: str
    count: int
    amount: Money
    fee: Money
    net: Money


@dataclass(frozen=True)
class LineRow:
    """One balance transaction, with the payment that it is of and who paid."""

    line: PayoutLine
    words: str
    when: When | None
    payment: Transaction | None


def payouts(
    session: Session, zone: ZoneInfo, before: Payout | None = None, limit: int = SHOWN
) -> Sequence[PayoutRow]:
    """The newest, or those after one; one more than are shown, where there are more."""
    query = select(Payout).order_by(Payout.made_at.desc(), Payout.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(tuple_(Payout.made_at, Payout.id) < (before.made_at, before.id))
    return rows_of(session, session.scalars(query).all(), zone)


def rows_of(session: Session, found: Sequence[Payout], zone: ZoneInfo) -> list[PayoutRow]:
    """Payouts, each with whether it is what it is made of."""
    sums = _come_to(session, found)
    return [_row(payout, net, count, zone) for payout in found for net, count in [sums[payout.id]]]


def _come_to(session: Session, found: Sequence[Payout]) -> dict[str, list[int]]:
    """The net of what each is made of, and of how many balance transactions. Kept until Stripe
    lists them anew: a busy shop's page of payouts would add up hundreds of thousands."""
    keys = {payout.id: f"payout:{payout.id}:{payout.listed_at}" for payout in found}
    kept = cache.get_many(list(keys.values()))
    left = [id_ for id_, key in keys.items() if key not in kept]
    if left:
        rows = session.execute(
            select(PayoutLine.payout_id, func.sum(PayoutLine.net), func.count())
            .where(PayoutLine.payout_id.in_(left))
            .group_by(PayoutLine.payout_id)
        )
        counted = {payout_id: [int(net), count] for payout_id, net, count in rows}
        fresh = {keys[id_]: counted.get(id_, [0, 0]) for id_ in left}
        cache.set_many(fresh)
        kept |= fresh
    return {id_: kept[key] for id_, key in keys.items()}


def _row(payout: Payout, net: int, count: int, zone: ZoneInfo) -> PayoutRow:
    agrees = None
    if not payout.automatic:
        compared = MANUAL
    elif payout.listed_at is None:
        compared = "Stripe has not said yet what it is made of."
    else:
        agrees = net == payout.amount
        of = f"{count} balance {'transaction' if count == 1 else 'transactions'}"
        compared = f"Equals its {of}."
        if not agrees:
            compared = f"Its {of} come to {Money(net, payout.currency)}: not the same."
    return PayoutRow(
        payout, when(payout.arrives_at, zone), when(payout.made_at, zone), compared, agrees
    )


def sums(session: Session, payout: Payout) -> list[Sum]:
    """What a payout is made of, by Stripe's types, the largest first."""
    rows = session.execute(
        select(
            PayoutLine.type,
            func.count(),
            func.sum(PayoutLine.amount),
            func.sum(PayoutLine.fee),
            func.sum(PayoutLine.net),
        )
        .where(PayoutLine.payout_id == payout.id)
        .group_by(PayoutLine.type)
    )
    found = [
        Sum(_words(type_), count, *(Money(int(amount), payout.currency) for amount in amounts))
        for type_, count, *amounts in rows
    ]
    return sorted(found, key=lambda each: -abs(each.net.amount))


def span(session: Session, payout: Payout, zone: ZoneInfo) -> tuple[When | None, When | None]:
    """When the first and the last of its balance transactions were made."""
    first, last = session.execute(
        select(func.min(PayoutLine.made_at), func.max(PayoutLine.made_at)).where(
            PayoutLine.payout_id == payout.id
        )
    ).one()
    return when(first, zone), when(last, zone)


def lines(
    session: Session, payout: Payout, zone: ZoneInfo, after: PayoutLine | None = None
) -> list[LineRow]:
    """Its balance transactions in the order in which they were made, from the start or after one;
    one more than are shown, where there are more."""
    query = (
        select(PayoutLine, Transaction)
        .outerjoin(Transaction, Transaction.id == PayoutLine.transaction_id)
        .where(PayoutLine.payout_id == payout.id)
        .order_by(PayoutLine.made_at, PayoutLine.id)
        .limit(SHOWN + 1)
    )
    if after is not None:
        query = query.where(tuple_(PayoutLine.made_at, PayoutLine.id) > (after.made_at, after.id))
    return [
        LineRow(line, _words(line.type), when(line.made_at, zone), payment)
        for line, payment in session.execute(query)
    ]


def makes(session: Session, payout: Payout) -> list[tuple[str, Money, bool]]:
    """What a payout is made of in a few words: payments, refunds, disputes, fees, and the rest;
    each with whether it was taken off, such last, and none that is nothing."""
    rows = session.execute(
        select(PayoutLine.type, func.sum(PayoutLine.amount), func.sum(PayoutLine.fee))
        .where(PayoutLine.payout_id == payout.id)
        .group_by(PayoutLine.type)
    ).all()
    found: Counter[str] = Counter()
    for type_, amount, _ in sorted(rows, key=lambda row: -row[1]):
        found[_PARTS.get(type_, "other movements")] += int(amount)
    found["fees"] -= sum(int(row[2]) for row in rows)
    given = sorted(found.items(), key=lambda each: each[1] < 0)
    return [(words, Money(abs(sum_), payout.currency), sum_ < 0) for words, sum_ in given if sum_]


def _words(type_: str) -> str:
    return in_words(type_) or "Other"
