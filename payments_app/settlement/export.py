"""export: a statement as a CSV file."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.csv_file import header, line
from payments_app.core.db.session import atomic
from payments_app.settlement.statement import Statement

_COLUMNS = (
    *("Line", "Kind", "Payment", "Stripe ID", "Description"),
    *("Gross", "Stripe fee", "Platform fee", "Net", "Currency"),
)


def as_csv(statement: Statement) -> str:
    """A row for each line; amounts in the currency's own unit, fees negative where they were taken,
    times in the named zone and UTC."""
    zone = statement.zone
    local = zone.key != "UTC"
    lines = [header([*_COLUMNS, *([f"Time ({zone.key})"] if local else []), "Time (UTC)"])]
    for each in statement.lines:
        of, transaction = each.line, each.transaction
        lines.append(
            line(
                [
                    of.key,
                    of.kind,
                    transaction.id,
                    transaction.stripe_payment_id or "",
                    transaction.description,
                    of.gross.major,
                    of.stripe_fee_money.major,
                    of.platform_fee_money.major,
                    of.money.major,
                    of.currency.upper(),
                    *([_time(each.local(zone))] if local else []),
                    _time(of.occurred_at),
                ]
            )
        )
    return "".join(lines)


def _time(moment: dt.datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


@atomic
def note_download(session: Session, batch_id: str, actor: str) -> None:
    """Who took a statement out, before it leaves."""
    history.record(session, "staff", "settlement.downloaded", actor=actor, subject=batch_id)
