"""export: the journals of a period as a CSV file, an entry a line, made while it is being read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.csv_file import header, line
from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.ledger.models import Entry, Journal
from payments_app.ledger.queries import Period, journals
from payments_app.payments.models import Transaction

_BATCH = 500
_NAMES = (
    *("Journal", "Posted (UTC)", "Type", "Key", "Payment", "Stripe ID"),
    *("Account", "Debit", "Credit", "Currency"),
)


@atomic
def note_export(session: Session, actor: str, first: str, last: str) -> None:
    """Who took which period out, before the first line leaves."""
    history.record(session, "staff", "ledger.exported", actor=actor, first=first, last=last)


def csv_lines(engine: Engine, period: Period) -> Iterator[str]:
    """The header and a line for each entry, the newest journal first, in batches: no connection
    is held while a slow reader takes its time."""
    yield header(_NAMES)
    last: int | None = None
    while True:
        with Session(engine) as session:
            rows = journals(session, period, last, _BATCH)
            cells = [
                _cells(journal, entry, payment)
                for journal, payment in rows
                for entry in sorted(journal.entries, key=lambda each: each.id)
            ]
        if not rows:
            return
        yield "".join(map(line, cells))
        last = rows[-1][0].id


def _cells(
    journal: Journal, entry: Entry, payment: Transaction
) -> list[str | int | Decimal | None]:
    amount = Money(entry.amount, entry.currency).major
    return [
        journal.id,
        f"{journal.posted_at:%Y-%m-%d %H:%M:%S}",
        journal.entry_type,
        journal.key,
        payment.id,
        payment.stripe_payment_id or "",
        entry.account,
        amount if entry.side == "debit" else None,
        amount if entry.side == "credit" else None,
        entry.currency.upper(),
    ]
