"""All that a page says of a transaction, made of its row alone.

`detail_of` makes plain data that depends on nothing but the row, so that it may be cached by the
row's id and version. It is the one place where a payment's row becomes what a page, a list or a
file shows: whatever the row holds, it makes a detail of it, with the cells marked that it could
not make.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import Row

from payments_app.core.db.ids import reference
from payments_app.core.language import LANGUAGES
from payments_app.core.money import Money
from payments_app.payments.amounts import amount_words
from payments_app.payments.connect.account import DIRECT_ACCOUNT
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.staff import cells

log = logging.getLogger(__name__)
MARK = "\u26a0 unreadable"  # stands in a cell that could not be made of what the row holds
SHORT_ID = 18
COLUMNS = (
    Transaction.id,
    Transaction.version,
    Transaction.phase,
    Transaction.state,
    Transaction.attempt,
    Transaction.amount,
    Transaction.paid.label("paid"),
    Transaction.currency,
    Transaction.email,
    Transaction.description,
    Transaction.language,
    Transaction.stripe_payment_id,
    Transaction.stripe_status,
    Transaction.livemode,
    Transaction.error,
    Transaction.error_code,
    Transaction.error_message,
    Transaction.card_brand,
    Transaction.card_last4,
    Transaction.receipt_url,
    DIRECT_ACCOUNT.label("account"),
    Transaction.created_at,
    Transaction.ended_at,
    Transaction.attention,
)


def detail_of(row: Row[Any]) -> Detail:
    """The detail of a row of COLUMNS. A cell that can't be made of what the row holds is marked,
    logged, and named in `unreadable`."""
    made: dict[str, Any] = {}
    unreadable = []
    for name, make, instead in _CELLS:
        try:
            made[name] = make(row)
        except Exception as error:
            made[name] = instead
            unreadable.append(f"{name}: {type(error).__name__}")
    if unreadable:
        log.error("%s can't be shown whole: %s", row.id, ", ".join(unreadable))
    return Detail(row.id, row.version, unreadable, **made)


def _cell(make: Callable[[Row[Any]], Any], instead: Any) -> Any:
    """A field of Detail: how it is made of a row of COLUMNS, and what stands there instead where
    it can't be."""
    return field(metadata={"make": make, "instead": instead})


@dataclass(frozen=True)
class Detail:
    """All that a page says of a transaction, as plain JSON-like data. `unreadable` names the cells
    that could not be made."""

    id: str
    version: int
    unreadable: list[str]
    reference: str = _cell(lambda row: reference(row.id), MARK)
    phase: str = _cell(lambda row: row.phase, MARK)
    state: str = _cell(lambda row: row.state, MARK)
    attempt: int | str = _cell(lambda row: row.attempt, MARK)
    status: str = _cell(lambda row: cells.badge(row)[0], MARK)
    badge_class: str = _cell(lambda row: cells.badge(row)[1], "badge badge-warning")
    icon: str = _cell(lambda row: cells.badge(row)[2], "?")
    amount: str = _cell(
        lambda row: amount_words(row.state, row.amount, row.paid, row.currency), MARK
    )
    moved: str = _cell(cells.moved, MARK)
    asked: str = _cell(lambda row: str(Money(row.amount, row.currency).major), MARK)
    currency: str = _cell(lambda row: row.currency.upper(), MARK)
    email: str = _cell(lambda row: row.email, MARK)
    description: str = _cell(lambda row: row.description, MARK)
    read_in: str | None = _cell(lambda row: LANGUAGES.get(row.language or ""), None)
    card: str | None = _cell(lambda row: cells.card(row.card_brand, row.card_last4), MARK)
    stripe_id: str | None = _cell(lambda row: row.stripe_payment_id, None)
    stripe_id_short: str = _cell(
        lambda row: (row.stripe_payment_id or cells.NOTHING)[:SHORT_ID], MARK
    )
    stripe_says: str | None = _cell(lambda row: cells.unknown_status(row.stripe_status), MARK)
    stripe_url: str | None = _cell(
        lambda row: cells.stripe_url(row.stripe_payment_id, row.account, live=row.livemode),
        None,
    )
    error_summary: str = _cell(cells.error_summary, MARK)
    reason: str | None = _cell(cells.reason, MARK)
    next_step: str = _cell(cells.next_step, cells.UNREADABLE)
    closed: Mapping[str, str] = _cell(cells.closed, {"retry": "policy", "refund": "not_paid"})
    buyer_read: str | None = _cell(cells.buyer_read, MARK)
    retry_makes_sense: str | None = _cell(cells.retry_makes_sense, None)
    docs_url: str | None = _cell(
        lambda row: (
            cells.https(cells.error(row).get("doc_url")) if row.state == State.FAILED else None
        ),
        None,
    )
    receipt_url: str | None = _cell(
        lambda row: cells.https(row.receipt_url) if row.state == State.COMPLETE else None, None
    )
    created_at: str | None = _cell(lambda row: row.created_at.isoformat(), None)
    ended_at: str | None = _cell(
        lambda row: row.ended_at.isoformat() if row.ended_at else None, None
    )


_CELLS = tuple(
    (each.name, each.metadata["make"], each.metadata["instead"])
    for each in fields(Detail)
    if each.metadata
)
