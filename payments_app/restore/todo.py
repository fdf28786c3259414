"""todo: what a person must do about payments that a restore brought back, read from what is here
now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payments.follow_up_names import may_follow_elsewhere
from payments_app.payments.models import Role, Transaction
from payments_app.payments.payable import Payable, find_payable, payable_kinds
from payments_app.payments.phases import State
from payments_app.payments.queries import joined, payable_of
from payments_app.payments.said import known_price, said
from payments_app.payments.transactions.open import as_stored
from payments_app.payments.unmatched import UnmatchedObject
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.models import Finding

_RESTORED = ("payment.restored", "payment.imported")


@atomic
def todo_of(session: Session, begun_at: dt.datetime) -> list[str]:
    """A sentence for each thing, since a restore began."""
    return [
        *_payments(session, begun_at),
        *_consents(session),
        *_unmatched(session),
        *_findings(session),
    ]


def _payments(session: Session, begun_at: dt.datetime) -> Iterator[str]:
    restored = select(HistoryEntry.transaction_id).where(
        HistoryEntry.what.in_(_RESTORED), HistoryEntry.at >= begun_at
    )
    paid = select(Transaction).where(
        Transaction.id.in_(restored), Transaction.state == State.COMPLETE
    )
    for row in session.scalars(paid.order_by(Transaction.created_at, Transaction.id)):
        about = f"{row.id} ({row.money_paid}, {row.stripe_payment_id})"
        said = as_object(as_object(row.stripe_data).get("metadata"))
        named = said.get("payable_id")
        if payable_of(session, row.id) is None and (named or "installation" not in said):
            what = f"{said.get('payable_type')} {named}" if named else "something that is not named"
            yield (
                f"{about} paid for {what}, which can't be made anew: hand it over by hand, or "
                "refund it."
            )
        yield from _as_it_is_now(session, row, about)
        if not row.email:
            yield f"{about}: neither we nor Stripe know the buyer's address. No receipt is sent."


def _as_it_is_now(session: Session, row: Transaction, about: str) -> Iterator[str]:
    """It is joined to what it paid for by type and id alone, which may be something else by now."""
    kind, id_ = payable_of(session, row.id) or ("", "")
    if kind and kind not in payable_kinds():
        yield (
            f"{about} paid for {kind} {id_}, which this process does not know: what follows waits "
            "for a process that does."
        )
    payable = find_payable(session, id_)
    if payable is None:
        return
    payee = session.scalar(joined(row.id, Role.MERCHANT)) if row.connected_account_id else None
    now = known_price(payable), said(lambda: payable.payee_id, "")
    if now != (row.money, payee) or (
        may_follow_elsewhere(kind) and _is_called_otherwise(payable, row)
    ):
        yield (
            f"{about} paid for {kind} {id_}, which has another price, payee or name here: look "
            "whether it is what was paid for."
        )


def _is_called_otherwise(payable: Payable, row: Transaction) -> bool:
    """A host may have given the id to another row, made since the backup was restored."""
    name = said(lambda: as_stored(payable.payment_description), None)
    return name != row.description


def _consents(session: Session) -> Iterator[str]:
    """Stripe knows of declines and disputes, and not of what somebody ended by hand."""
    if session.scalar(select(CardConsent.id).where(CardConsent.withdrawn_at.is_(None)).limit(1)):
        yield (
            "Consents to charge cards that somebody ended after the backup are in force again: ask "
            "the applications for the events consent_ended that they got since then, and end those "
            "again."
        )


def _unmatched(session: Session) -> Iterator[str]:
    aside = select(UnmatchedObject).where(UnmatchedObject.matched_at.is_(None))
    for row in session.scalars(aside.order_by(UnmatchedObject.found_at)):
        yield f"Stripe's {row.kind} {row.stripe_id} is about no payment that is known here."


def _findings(session: Session) -> Iterator[str]:
    still = select(Finding).where(Finding.resolved_at.is_(None)).order_by(Finding.id)
    for row in session.scalars(still):
        words = KINDS[row.kind].words if row.kind in KINDS else row.kind
        yield f"{row.subject}: {words} (finding {row.id})."
