"""payment_history: a long history of made-up payments, to look at and to measure with.

They end before the days that reconciliation compares with Stripe, which never heard of them, and
none is pending: nothing will try to charge or to mend one.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flask import Flask, current_app
from sqlalchemy import exists, or_
from sqlalchemy.orm import Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from demo.payment_rows import COLUMNS, Rows, Shop, new_email, new_name
from payments_app.attention.keep import rebuild
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import Refund

NEWEST = dt.timedelta(days=4)
SPAN = dt.timedelta(days=400)
_BATCH = 10_000
# What else these payments may have; the rest is as its row alone says.
_MORE_IS_SO = or_(
    Transaction.state == State.FAILED,
    *(exists().where(model.transaction_id == Transaction.id) for model in (Refund, Dispute)),
)


def add_demo_data(count: int, progress: Callable[[int], None], seed: int = 1) -> int:
    """Store `count` payments, their refunds, disputes and history in batches; tell `progress` how
    many are there. A seed gives the same payments each time, but for their ids and their times."""
    app, chance, newest = _app(), random.Random(seed), utcnow() - NEWEST  # noqa: S311 - no secret
    customers = _customers(count, newest)
    _store({"customers": [(*customer, 1, at) for customer, at in customers]})

    def store(rows: Rows) -> int:
        with app.app_context():
            _store(rows.tables)
        return len(rows.tables["transactions"])

    # While the database stores, the next batch is made; PostgreSQL stores two at once.
    done, at_once = 0, 2 if db.engine.dialect.name == "postgresql" else 1
    stored: deque[Future[int]] = deque()
    with ThreadPoolExecutor(at_once) as storing:
        for rows in _batches(count, chance, newest, [customer for customer, _ in customers]):
            if len(stored) == at_once:
                done += stored.popleft().result()
                progress(done)
            stored.append(storing.submit(store, rows))
        done += sum(each.result() for each in stored)
    rebuild(of=_MORE_IS_SO)
    progress(done)
    return done


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _customers(count: int, newest: dt.datetime) -> list[tuple[tuple[str, str], dt.datetime]]:
    """Id and address of each eighth payment's new customer, and when they came."""
    return [
        ((new_name("cust"), new_email(place)), _time(8 * place, count, newest))
        for place in range(max(1, count // 8))
    ]


def _time(number: int, count: int, newest: dt.datetime) -> dt.datetime:
    """From the oldest to the newest, so that history's ids follow its times, batch by batch."""
    return newest - SPAN * (1 - number / count)


def _batches(
    count: int, chance: random.Random, newest: dt.datetime, customers: Sequence[tuple[str, str]]
) -> Iterator[Rows]:
    shop = Shop(chance, newest)
    for first in range(0, count, _BATCH):
        rows = Rows()
        for number in range(first, min(first + _BATCH, count)):
            known = min(number // 8 + 1, len(customers))
            customer = customers[chance.randrange(known)]
            shop.add_payment(rows, _time(number, count, newest), customer)
        if first + _BATCH >= count:
            shop.finish(rows)
        yield rows


@atomic
def _store(session: Session, tables: dict[str, list[tuple[Any, ...]]]) -> None:
    """One batch by the fastest way in: COPY on PostgreSQL, executemany on SQLite."""
    connection = session.connection().connection
    cursor = connection.cursor()
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        # Each foreign key of each row would be planned anew.
        cursor.execute("SET LOCAL plan_cache_mode = auto")
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
        for column in db.metadata.tables[f"pay_{table}"].columns
        if isinstance(column.default, ScalarElementColumnDefault)
        and column.server_default is None
        and column.name not in COLUMNS[table]
    }


def _copy(cursor: Any, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY pay_{table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(
    cursor: Any, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO pay_{table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    cursor.executemany(statement, [tuple(map(_for_sqlite, row)) for row in rows])


def _for_sqlite(value: Any) -> Any:
    # The shape in which SQLAlchemy stores a time.
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}"
    return value
