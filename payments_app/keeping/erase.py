"""erase: what is personal of one customer goes; the books keep their rows, amounts and times.

It is one database transaction, with an entry in the history. Nothing in it can be half done, and
it can be done again. What is at Stripe goes by jobs that it stages.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, Table, bindparam, delete, inspect, select, update
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.card_numbers import refuse
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.customers.models import Customer, SavedCard
from payments_app.keeping.customer_data import DELETED, Place, paid_by, places
from payments_app.keeping.erase_at_stripe import ERASE_AT_STRIPE
from payments_app.keeping.find import customer_of
from payments_app.keeping.models import Erasure
from payments_app.keeping.waiting import waits_for
from payments_app.payment_requests.end_consents import withdraw_all
from payments_app.payments.models import Transaction

CARRY_OUT = "keeping.carry_out"
# Of an entry's data: what somebody wrote, or says which card.
WORDS = frozenset(
    """
    answer brand customer delivery error file filters last4 lines link message name object reason
    text
    """.split()
)


@atomic
def ask_for_erasure(session: Session, named: str, actor: str) -> str:
    """Store the erasure of the customer of this address or id and return its id: that of the open
    one where it was asked for before. `carry_out` does it. From now on no application charges a
    kept card of theirs.

    Raises UnknownCustomerError, and CardNumberError for an actor who is called so.
    """
    refuse(actor)
    customer = customer_of(session, named)
    new = {"id": new_id("era"), "customer_id": customer.id, "asked_by": actor}
    if insert_once(session, Erasure, **new):
        history.record(session, "staff", "customer.erasure_asked", actor=actor, subject=customer.id)
        # Each further charge would have to be kept, and keep the erasure waiting.
        withdraw_all(session, customer.id, actor)
    return session.scalars(
        select(Erasure.id).where(Erasure.customer_id == customer.id, Erasure.done_at.is_(None))
    ).one()


@atomic
def carry_out(session: Session, erasure_id: str) -> list[str]:
    """Erase, unless something has to end before; return what is waited for, empty where it is
    done."""
    erasure = session.get_one(Erasure, erasure_id, with_for_update=True, populate_existing=True)
    if erasure.done_at is not None:
        return []
    customer = customer_of(session, erasure.customer_id)
    waiting = waits_for(session, customer)
    if waiting:
        erasure.waits_for = "; ".join(waiting)
        return waiting
    for stripe_customer_id in _at_stripe(session, customer):
        key = f"{ERASE_AT_STRIPE}:{stripe_customer_id}:{erasure.id}"
        outbox.stage(session, ERASE_AT_STRIPE, stripe_customer_id, key=key)
    cut = {place.model.__tablename__: _cut(session, place, erasure) for place in places(customer)}
    erasure.waits_for, erasure.done_at = None, database_now()
    history.record(
        session,
        "staff",
        "customer.erased",
        actor=erasure.asked_by,
        subject=customer.id,
        erasure=erasure.id,
        rows={table: rows for table, rows in cut.items() if rows},
    )
    return []


def _at_stripe(session: Session, customer: Customer) -> set[str]:
    """The customers at Stripe, on our account, that may be this one."""
    ours = Transaction.charge_type.is_distinct_from("direct")
    named = (
        select(SavedCard.stripe_customer_id).where(SavedCard.customer_id == customer.id),
        select(Transaction.stripe_customer_id).where(
            Transaction.id.in_(paid_by(customer.id)), ours
        ),
    )
    found = {each for asked in named for each in session.scalars(asked)}
    return {each for each in found | {customer.stripe_customer_id} if each and each[:4] == "cus_"}


def _cut(session: Session, place: Place, erasure: Erasure) -> int:
    """Cut what is personal of a place's rows; return how many were changed."""
    if place.cut is None:
        return _cut_words(session, place, erasure) if place.model is HistoryEntry else 0
    table = cast("Table", place.model.__table__)
    if place.cut is DELETED:
        gone = session.execute(delete(place.model).where(place.which), **_AS_IT_IS)
        return cast("CursorResult[Any]", gone).rowcount
    key = inspect(place.model).primary_key[0]
    columns = [getattr(place.model, name) for name in place.cut]
    rows = session.execute(select(key, *columns).where(place.which).with_for_update()).all()
    for row in rows:
        values = {
            column: change(old)
            for column, change, old in zip(columns, place.cut.values(), row[1:], strict=True)
        }
        if place.counted:
            values[table.c.version] = table.c.version + 1
        session.execute(update(place.model).where(key == row[0]).values(values), **_AS_IT_IS)
    return len(rows)


_AS_IT_IS: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


def _cut_words(session: Session, place: Place, erasure: Erasure) -> int:
    """The one change that the history's trigger admits."""
    session.flush()
    asked = select(HistoryEntry.id, HistoryEntry.data).where(place.which)
    cut = [
        {"entry": id_, "left": {k: v for k, v in data.items() if k not in WORDS} | _by(erasure)}
        for id_, data in session.execute(asked).all()
        if not WORDS.isdisjoint(data)
    ]
    if cut:
        change = update(HistoryEntry.__table__).where(  # type: ignore[arg-type]
            HistoryEntry.__table__.c.id == bindparam("entry")
        )
        session.connection().execute(change.values(data=bindparam("left")), cut)
    return len(cut)


def _by(erasure: Erasure) -> dict[str, str]:
    return {"erased": erasure.id}


@atomic
def erase_due(session: Session) -> None:
    """The periodic job: try each open erasure again, by a message of its own, so that one that
    fails keeps no other from being carried out."""
    waiting = select(Erasure.id).where(Erasure.done_at.is_(None)).order_by(Erasure.asked_at)
    for erasure_id in session.scalars(waiting):
        outbox.stage(session, CARRY_OUT, erasure_id, key=f"{CARRY_OUT}:{new_id('era')}")


def run_carry_out(erasure_id: str, _claim: Claim) -> None:
    """The command of one erasure."""
    carry_out(erasure_id)
