"""Parts of e-mail addresses and names: by the beginnings of their words, which an index holds, or
else anywhere in the addresses of the newest payments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import ColumnElement, func, literal_column, select, text
from sqlalchemy.orm import Session

from payments_app.core.email_addresses import compared
from payments_app.customers.models import Customer
from payments_app.payments.models import Transaction
from payments_app.staff.indexes import CUSTOMER_WORDS, lower_email
from payments_app.staff.payments.search_ids import joined

LEAST = 3  # characters
MOST_CUSTOMERS = 200
NEWEST = 8_000  # payments that are read one by one where no index says it


def people(session: Session, typed: str, most: int) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """Payments of those whose address or name holds what was typed; where no index says whose, the
    newest `most` of them."""
    part = compared(typed) if "@" in typed else typed.lower()
    words = re.findall(r"[^\W_]+", part)
    if sum(map(len, words)) < LEAST or not any(map(str.isalpha, "".join(words))):
        return
    ids = _customers(session, words)
    no_index = session.get_bind().dialect.name != "postgresql"
    if no_index or 0 < len(ids) <= MOST_CUSTOMERS:
        yield f"E-mail or name with “{typed}”", joined(ids)
    else:
        newest = Transaction.id.in_(_newest(session, part, most))
        yield f"E-mail with “{typed}”, among the newest {NEWEST:,} payments", newest


def _customers(session: Session, words: list[str]) -> list[str]:
    """Up to one more than MOST_CUSTOMERS of them."""
    found = select(Customer.id)
    if session.get_bind().dialect.name == "postgresql":
        query = func.to_tsquery(text("'simple'"), " & ".join(f"{word}:*" for word in words))
        found = found.where(literal_column(CUSTOMER_WORDS).op("@@")(query))
    else:
        told = func.lower(Customer.email + " " + func.coalesce(Customer.name, ""))
        found = found.where(*(told.contains(word, autoescape=True) for word in words))
    return list(session.scalars(found.limit(MOST_CUSTOMERS + 1)))


def _newest(session: Session, part: str, most: int) -> list[str]:
    """Read by itself, since that stops with the last one that a page shows."""
    newest = (
        select(Transaction.id, lower_email.label("email"))
        .order_by(Transaction.created_at.desc(), Transaction.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    held = newest.c.email.contains(part, autoescape=True)
    return list(session.scalars(select(newest.c.id).where(held).limit(most)))
