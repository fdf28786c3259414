"""lines: put each movement of money into one batch, once.

A line is made of ledger journals, each in one line only, so that the two can be held against each
other. A movement that comes after its day was closed goes into the next open one.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.ledger.post import CAPTURE
from payments_app.merchants.models import Merchant
from payments_app.payments import states
from payments_app.payments.connect.payee import merchant_of
from payments_app.payments.models import Transaction
from payments_app.settlement.models import Line, Part
from payments_app.settlement.movements import Movement, Posting, postings, unsettled
from payments_app.settlement.open_batch import open_batch


@atomic
def settle_transaction(session: Session, transaction_id: str) -> int:
    """`add_lines`, as a database transaction of its own."""
    return add_lines(session, states.lock(session, transaction_id))


def add_lines(session: Session, transaction: Transaction) -> int:
    """A line for each movement of a locked transaction that the ledger has and no line does, in
    the caller's database transaction. Returns how many lines were added."""
    taken = set(session.scalars(select(Line.key).where(Line.transaction_id == transaction.id)))
    added = 0
    for movement in unsettled(postings(session, transaction.id)):
        named = _named(movement, taken)
        if named.key not in taken:
            _add(session, transaction, movement, named)
            added += 1
        _note_parts(session, named.key, movement.open)
        taken.add(named.key)
    return added


def _named(movement: Movement, taken: set[str]) -> Posting:
    """The journal that a movement's line is named after: its head, or the first open one where the
    head has a line already. A line from before its journals were noted may have either name."""
    first = movement.open[0]
    return first if {first.key, movement.head.key} & taken else movement.head


def _add(session: Session, transaction: Transaction, movement: Movement, named: Posting) -> None:
    """Put a movement into its day's batch, or the next open one. A payment counts when it was
    paid, all else when it was posted."""
    paid_at = transaction.ended_at if named.entry_type == CAPTURE else None
    occurred_at = paid_at or movement.open[0].posted_at
    merchant = session.get_one(Merchant, merchant_of(session, transaction.id))
    batch = open_batch(session, merchant, occurred_at, named.currency)
    session.add(
        Line(
            key=named.key,
            batch_id=batch.id,
            kind=named.entry_type,
            transaction_id=transaction.id,
            amount=movement.sum(),
            stripe_fee=movement.sum("stripe_fee"),
            platform_fee=movement.sum("platform_fee"),
            currency=named.currency,
            occurred_at=occurred_at,
        )
    )
    session.flush()


def _note_parts(session: Session, line_key: str, parts: list[Posting]) -> None:
    line_id = session.scalars(select(Line.id).where(Line.key == line_key)).one()
    session.add_all(Part(journal_id=part.journal_id, line_id=line_id) for part in parts)
    session.flush()
