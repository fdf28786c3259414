"""Details of payments for a page: from the cache by id and version, the rest in one query."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from payments_app.attention import facts
from payments_app.core import alerts
from payments_app.core.db.session import CommitOutcomeUnknownError, atomic
from payments_app.core.web.cache import shape_of
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.truth import Truth, truth_of
from payments_app.staff import cache
from payments_app.staff.detail import COLUMNS, Detail, detail_of
from payments_app.staff.presenter import Payment

log = logging.getLogger(__name__)

_SHAPE = shape_of(Detail)


def payments(
    session: Session,
    keys: Sequence[tuple[str, int]],
    zone: ZoneInfo,
    customers: Mapping[str, str] | None = None,
) -> list[Payment]:
    """Payments for these ids and versions, in their order: a few round trips for a page, whatever
    its length. The versions were read just now, so a cached detail is never older than its row.
    `customers` are whose they are, where the caller read it with the keys."""
    details = _details(session, keys)
    ids = [id_ for id_, _ in keys]
    if customers is None:
        customers = _customers(session, ids)
    truths = truths_of(session, ids)
    return [
        Payment(details[id_], zone, customers.get(id_), truths.get(id_))
        for id_, _ in keys
        if id_ in details
    ]


def truths_of(session: Session, ids: Sequence[str]) -> dict[str, Truth]:
    """What is so with those of these payments of which it is more than their rows say. Read fresh
    with every page: it does not change a payment's version, and so no cached detail may hold it."""
    rows = session.execute(
        select(*facts.COLUMNS).where(Transaction.id.in_(ids), Transaction.attention.is_not(None))
    )
    return {row.id: truth_of(row) for row in rows}


def _details(session: Session, keys: Sequence[tuple[str, int]]) -> dict[str, Detail]:
    names = {_name(*key): key[0] for key in keys}
    kept = cache.get_many(list(names))
    found = {names[name]: Detail(**cells) for name, cells in kept.items()}
    missing = [id_ for id_, _ in keys if id_ not in found]
    if missing:
        rows = session.execute(select(*COLUMNS).where(Transaction.id.in_(missing)))
        made = [detail_of(row) for row in rows]
        _tell_of_unreadable([detail for detail in made if detail.unreadable])
        # Under the version that was read here: the row may have moved on since the keys were.
        cache.set_many({_name(detail.id, detail.version): vars(detail) for detail in made})
        found |= {detail.id: detail for detail in made}
    return found


def _tell_of_unreadable(details: Sequence[Detail]) -> None:
    """A person must look at what can't be shown whole. The page is shown in any case."""
    try:
        if details:
            _raise(details)
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        log.warning("no alert could be stored: %s", error)


@atomic
def _raise(session: Session, details: Sequence[Detail]) -> None:
    """One alert, however many there are: it counts them, and names the last."""
    for detail in details:
        alerts.raise_alert(
            session,
            "odd_payment",
            "odd_payment",
            f"{detail.id} holds what no page can read ({', '.join(detail.unreadable)}): it is "
            "shown with these cells marked",
            transaction_id=detail.id,
        )


def _customers(session: Session, ids: Iterable[str]) -> dict[str, str]:
    rows = session.execute(
        select(PaymentRecord.transaction_id, PaymentRecord.payable_id).where(
            PaymentRecord.transaction_id.in_(list(ids)), PaymentRecord.role == Role.CUSTOMER
        )
    )
    return {row.transaction_id: row.payable_id for row in rows}


def _name(transaction_id: str, version: int) -> str:
    return f"payment:{_SHAPE}:{transaction_id}:{version}"
