"""internal_payouts: each automatic payout against its balance transactions, and each of these
against the payment, refund or dispute that it is of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.ledger.models import BalanceTransaction
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.models import Finding, Payout, PayoutLine
from payments_app.reconcile.read_payout import owners_of
from payments_app.reconcile.values import money, total

LISTED_WITHIN_SECONDS = 5 * 24 * 3600.0  # Stripe reconciles a payout within days
# By how their sources' ids begin: what a payment, refund, dispute or merchant's share is.
OWNED = ("ch_", "py_", "re_", "pyr_", "dp_", "du_", "tr_", "trr_", "fee_", "fr_")
CHARGES, REFUNDS = ("ch_", "py_"), ("re_", "pyr_")
_KINDS = ("payout_differs", "payout_not_listed", "payout_line_differs", "payout_line_unknown")


def differences(session: Session, since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """All differences of the payouts made or read in [since, until), and of those that were found
    before. What a payout was made of before we knew of it is given its payment first."""
    found = select(Finding.details["payout"].as_string()).where(
        Finding.kind.in_(_KINDS), Finding.resolved_at.is_(None)
    )
    scope = or_(
        and_(Payout.made_at >= since, Payout.made_at < until),
        and_(Payout.read_at >= since, Payout.read_at < until),
        Payout.id.in_(found),
        and_(
            Payout.automatic,
            Payout.listed_at.is_(None),
            Payout.status == "paid",
            Payout.made_at < database_now(-LISTED_WITHIN_SECONDS),
        ),
    )
    _find_owners(session, scope)
    yield from _payouts(session, scope)
    yield from _lines(session, scope)


def _find_owners(session: Session, scope: ColumnElement[bool]) -> None:
    rows = session.execute(
        select(PayoutLine.id, PayoutLine.source)
        .join(Payout, Payout.id == PayoutLine.payout_id)
        .where(scope, PayoutLine.about.is_(None))
    ).all()
    owners = owners_of(session, [row.source for row in rows])
    for id_, source in rows:
        if source in owners:
            about, payment = owners[source]
            session.execute(
                update(PayoutLine)
                .where(PayoutLine.id == id_)
                .values(about=about, transaction_id=payment)
            )


def _payouts(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    net, count = func.sum(PayoutLine.net), func.count(PayoutLine.id)
    late = Payout.made_at < database_now(-LISTED_WITHIN_SECONDS)
    rows = session.execute(
        select(Payout, net, count, late)
        .outerjoin(PayoutLine, PayoutLine.payout_id == Payout.id)
        .where(scope, Payout.automatic)
        .group_by(Payout.id)
    )
    for payout, amount, lines, is_late in rows:
        about = {"payout": payout.id, "payout_is": str(payout.money)}
        if payout.listed_at is not None and int(amount or 0) != payout.amount:
            of = f"{total(amount, payout.currency)} of {lines}"
            about["balance_transactions"] = of
            yield Difference("payout_differs", payout.id, payout.made_at, None, about)
        elif payout.listed_at is None and is_late and payout.status == "paid":
            about["balance_transactions"] = "nothing yet"
            yield Difference("payout_not_listed", payout.id, payout.made_at, None, about)


def _lines(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    rows = session.execute(
        select(PayoutLine, Transaction, Refund, BalanceTransaction)
        .join(Payout, Payout.id == PayoutLine.payout_id)
        .outerjoin(Transaction, Transaction.id == PayoutLine.transaction_id)
        .outerjoin(Refund, Refund.id == PayoutLine.about)
        .outerjoin(BalanceTransaction, BalanceTransaction.id == PayoutLine.id)
        .where(scope)
    )
    for line, payment, refund, kept in rows:
        about = {"payout": line.payout_id, "source": line.source, "at_stripe": _say(line)}
        if line.about is None and line.source.startswith(OWNED):
            about["here"] = "nothing"
            yield Difference("payout_line_unknown", line.id, line.made_at, None, about)
        elif (here := _otherwise(line, payment, refund, kept)) is not None:
            about["here"] = here
            yield Difference(
                "payout_line_differs", line.id, line.made_at, line.transaction_id, about
            )


def _otherwise(
    line: PayoutLine,
    payment: Transaction | None,
    refund: Refund | None,
    kept: BalanceTransaction | None,
) -> str | None:
    """What we have instead of a line; None where it is the same. A balance in another currency
    than the payment is compared by what was kept of it alone."""
    if kept is not None and (kept.amount, kept.fee) != (line.amount, line.fee):
        return _say(kept)
    if payment is None or payment.currency != line.currency:
        return None
    if line.source.startswith(CHARGES) and line.amount != payment.paid:
        return str(payment.money_paid)
    if refund is not None and line.source.startswith(REFUNDS):
        return None if abs(line.amount) == refund.amount else str(refund.money)
    return None


def _say(of: Any) -> str:
    return f"{money(of.amount, of.currency)} less {money(of.fee, of.currency)}"
