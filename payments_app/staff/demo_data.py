"""demo_data: a long history of made-up payments, to look at and to measure with.

They end before the days that reconciliation compares with Stripe, which never heard of them, and
none is pending: nothing will try to charge or to mend one.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from payments_app.core.clock import utcnow
from payments_app.core.database import atomic
from payments_app.core.extensions import db
from payments_app.core.ids import ALPHABET

NEWEST = dt.timedelta(days=4)
SPAN = dt.timedelta(days=400)
_BATCH = 10_000
_CURRENCIES, _SHARES = ("usd", "eur", "gbp", "jpy"), (70, 20, 5, 5)
_CARDS = (("visa", "4242"), ("visa", "1881"), ("mastercard", "4444"), ("amex", "0005"))
# code, decline code, message, how often among the failures
_ERRORS = (
    ("card_declined", "generic_decline", "Your card was declined.", 40),
    ("card_declined", "insufficient_funds", "Your card has insufficient funds.", 30),
    ("expired_card", None, "Your card has expired.", 10),
    ("incorrect_cvc", None, "Your card's security code is incorrect.", 10),
    ("authentication_required", "authentication_required", "Authentication is required.", 7),
    ("card_declined", "lost_card", "Your card was declined.", 3),
)
_names = random.Random()  # noqa: S311 - ids differ each time: a second run adds to the first
_FAILED, _CANCELED = 0.11, 0.02

COLUMNS = {
    "customers": ("id", "email", "version", "created_at"),
    "orders": (
        *("id", "number", "customer_id", "status", "total", "currency", "paid_at", "created_at"),
    ),
    "transactions": (
        *("id", "state", "phase", "version", "attempt", "amount", "currency", "email"),
        *("description", "off_session", "livemode", "stripe_payment_id", "stripe_status"),
        *("stripe_data", "error", "error_code", "error_message", "card_brand", "card_last4"),
        *("created_at", "updated_at", "phase_at", "ended_at"),
    ),
    "payment_records": (
        *("transaction_id", "payable_type", "payable_id", "role", "live", "created_at"),
    ),
    "history": ("at", "kind", "what", "actor", "transaction_id", "data"),
}


@dataclass
class _Rows:
    """Rows of one batch by table, parents before children."""

    tables: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {name: [] for name in COLUMNS}
    )

    def add(self, table: str, *values: Any) -> None:
        self.tables[table].append(values)


def add_demo_data(count: int, progress: Callable[[int], None], seed: int = 1) -> int:
    """Store `count` payments and their history in batches; tell `progress` how many are there.
    A seed gives the same payments each time, but for their ids and their times."""
    done = 0
    for rows in _batches(count, random.Random(seed)):  # noqa: S311 - nothing secret
        _store(rows.tables)
        done += len(rows.tables["transactions"])
        progress(done)
    return done


def _batches(count: int, chance: random.Random) -> Iterator[_Rows]:
    newest = utcnow() - NEWEST
    customers: list[tuple[str, str]] = []
    wanted = max(1, count // 8)
    for first in range(0, count, _BATCH):
        rows = _Rows()
        for number in range(first, min(first + _BATCH, count)):
            # From the oldest to the newest, so that history's ids follow its times.
            at = newest - SPAN * (1 - number / count)
            if len(customers) < wanted and (not customers or number % 8 == 0):
                customers.append((_id("cust"), _email(len(customers))))
                rows.add("customers", *customers[-1], 1, at)
            _add_payment(rows, chance, at, chance.choice(customers))
        yield rows


def _add_payment(
    rows: _Rows, chance: random.Random, at: dt.datetime, customer: tuple[str, str]
) -> None:
    id_, intent = _id("txn"), f"pi_3{_letters()}"
    luck = chance.random()
    phase = "failed" if luck < _FAILED else "canceled" if luck < _FAILED + _CANCELED else "complete"
    state = "complete" if phase == "complete" else "failed"
    error = _error(chance, phase)
    brand, last4 = chance.choice(_CARDS)
    if chance.random() < 0.5:
        last4 = f"{chance.randrange(10_000):04}"
    currency = chance.choices(_CURRENCIES, _SHARES)[0]
    amount = chance.randrange(5, 400) * 100 + chance.choice((0, 50, 99))
    ended = at + dt.timedelta(milliseconds=chance.randrange(600, 4000))
    data = {"id": intent, "object": "payment_intent", "amount": amount, "currency": currency}
    if phase != "canceled":
        data["latest_charge"] = {"id": f"ch_3{_letters()}", "paid": phase == "complete"}
    order, number = _id("ord"), _letters()[:10].upper()
    paid_at = ended if phase == "complete" else None
    status = "paid" if paid_at else "payment_failed"
    rows.add("orders", order, number, customer[0], status, amount, currency, paid_at, at)
    rows.add(
        "transactions",
        *(id_, state, phase, 4, 1, amount, currency, customer[1]),
        *(f"Order #{number}", False, False, intent),
        "succeeded" if phase == "complete" else "canceled",
        *(json.dumps(data), json.dumps(error) if error else None),
        *((error["code"], error["message"]) if error else (None, None)),
        *(brand, last4, at, ended, ended, ended),
    )
    live = state != "failed"
    rows.add("payment_records", id_, "customer", customer[0], "customer", live, at)
    rows.add("payment_records", id_, "order", order, "pays_for", live, at)
    event = {"complete": "completed"}.get(phase, phase)
    rows.add("history", at, "state", "payment.created", "buyer", id_, '{"attempt": 1}')
    rows.add("history", ended, "state", f"payment.{event}", "stripe", id_, f'{{"to": "{phase}"}}')


def _error(chance: random.Random, phase: str) -> dict[str, Any] | None:
    if phase == "complete":
        return None
    if phase == "canceled":
        message = "It was not sent in time, and was cancelled: no payment was made."
        return {"type": "expired", "code": "payment_expired", "message": message}
    code, decline, message, _ = chance.choices(_ERRORS, [row[3] for row in _ERRORS])[0]
    url = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
    error = {"type": "card_error", "code": code, "message": message, "doc_url": url}
    return error | ({"decline_code": decline} if decline else {})


def _email(number: int) -> str:
    return f"{_letters()[:6]}.{number}@customers.example"


def _id(prefix: str) -> str:
    return f"{prefix}_{''.join(_names.choices(ALPHABET, k=26))}"


def _letters() -> str:
    return "".join(_names.choices(ALPHABET, k=23))


@atomic
def _store(session: Session, tables: dict[str, list[tuple[Any, ...]]]) -> None:
    """One batch by the fastest way in: COPY on PostgreSQL, executemany on SQLite."""
    connection = session.connection().connection
    cursor = connection.cursor()
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    for table, rows in tables.items():
        more = _defaults(table)
        columns = (*COLUMNS[table], *more)
        filled = [(*row, *more.values()) for row in rows]
        (_copy if on_postgresql else _insert)(cursor, table, columns, filled)
    cursor.close()


def _defaults(table: str) -> dict[str, Any]:
    """What the models fill in for columns that a payment must have and that we say nothing of."""
    return {
        column.name: column.default.arg
        for column in db.metadata.tables[table].columns
        if isinstance(column.default, ScalarElementColumnDefault)
        and column.server_default is None
        and column.name not in COLUMNS[table]
    }


def _copy(cursor: Any, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(
    cursor: Any, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    cursor.executemany(statement, [tuple(map(_for_sqlite, row)) for row in rows])


def _for_sqlite(value: Any) -> Any:
    # The shape in which SQLAlchemy stores a time.
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}"
    return value
