"""What a payment leaves in the database, at once and once its time is over, by table; and a
timeline in one table beside one of monthly partitions: `python -m bench.kept [--payments 200]`.

Prints bytes and rows of one payment, after VACUUM FULL, indexes included.
"""

from __future__ import annotations

import argparse
import logging
import random
import statistics
import time
import uuid
from dataclasses import dataclass

import psycopg
from psycopg import sql

from bench.site import Site, site
from parts.postgres import libpq
from payments_app import create_app
from payments_app.config import Config
from payments_app.core.jobs.runner import run_due_messages
from payments_app.ops.clean_up import clean_up
from payments_app.queues import QUEUE_THREADS

DAYS = 100  # more than anything is kept that goes at all
MONTHS, ROWS = 24, 1_200_000  # of the history of 100,000 payments
_TIMES = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type LIKE 'timestamp%'
"""


_FILL = """
    INSERT INTO {table}
    SELECT n, timestamptz '2024-01-01' + n * interval '730 days' / {rows}, 'txn_' || n / 12,
           jsonb_build_object('request_id', md5(n::text), 'milliseconds', n % 900,
                              'verdict', 'answered', 'status', 'succeeded')
    FROM generate_series(1, {rows} - 1) AS n
"""


@dataclass(frozen=True)
class Stored:
    """Rows and bytes of a table, or of one payment's part of it."""

    rows: float
    bytes: float


def main() -> None:
    """Print both tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--payments", type=int, default=200)
    payments = asked.parse_args().payments
    logging.disable(logging.WARNING)
    with site() as here:
        empty = _stored(here)
        _pay(here, payments)
        full = _each(_stored(here), empty, payments)
        _grow_old(here)
        kept = _each(_stored(here), empty, payments)
        print(f"{'of one payment':32} {'rows':>7} {'bytes':>8}  after {DAYS} days")
        for name in sorted(full, key=lambda name: -full[name].bytes):
            if full[name].bytes > 100:
                print(_line(name, full[name], kept[name]))
        print(_line("all", _sum(full), _sum(kept)))
        _partitions(here)


def _line(name: str, full: Stored, kept: Stored) -> str:
    told = (f"{each.rows:7.1f} {each.bytes:8,.0f}" for each in (full, kept))
    return f"{name:32} {' '.join(told)}"


def _sum(stored: dict[str, Stored]) -> Stored:
    return Stored(sum(s.rows for s in stored.values()), sum(s.bytes for s in stored.values()))


def _each(stored: dict[str, Stored], empty: dict[str, Stored], payments: int) -> dict[str, Stored]:
    return {
        name: Stored(
            (n.rows - empty[name].rows) / payments, (n.bytes - empty[name].bytes) / payments
        )
        for name, n in stored.items()
    }


def _stored(here: Site) -> dict[str, Stored]:
    asked = "SELECT (SELECT count(*) FROM {table}), pg_total_relation_size({name})"
    with psycopg.connect(libpq(here.settings["DATABASE_URL"]), autocommit=True) as database:
        database.execute("VACUUM FULL")
        found = {}
        listed = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (name,) in database.execute(listed).fetchall():
            table = sql.SQL(asked).format(table=sql.Identifier(name), name=sql.Literal(name))
            found[name] = Stored(*(database.execute(table).fetchone() or (0, 0)))
        return found


def _pay(here: Site, payments: int) -> None:
    app = create_app(Config.from_env(here.settings))
    browser = app.test_client(use_cookies=False)
    for number in range(payments):
        sent = browser.post(
            "/transactions",
            json={
                "item": "field-notes",
                "email": f"buyer-{number}@example.com",
                "payment_method": "pm_card_visa",
            },
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        if sent.status_code != 202:
            raise RuntimeError(sent.text)
    for _ in range(4):
        with app.app_context():
            for queue in QUEUE_THREADS:
                run_due_messages(queue)
        _make_due(here)
    with app.app_context():
        app.extensions["engine"].dispose()


def _make_due(here: Site) -> None:
    with psycopg.connect(libpq(here.settings["DATABASE_URL"])) as database:
        database.execute(
            "UPDATE pay_outbox SET available_at = now() - interval '1 s' WHERE done_at IS NULL"
        )


def _grow_old(here: Site) -> None:
    """All times are DAYS earlier; then what is over goes."""
    change = "UPDATE {table} SET {column} = {column} - {days} * interval '1 day'"
    with psycopg.connect(libpq(here.settings["DATABASE_URL"])) as database:
        database.execute("SET session_replication_role = replica")
        for table, column in database.execute(_TIMES).fetchall():
            named = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
            database.execute(sql.SQL(change).format(days=DAYS, **named))
    app = create_app(Config.from_env(here.settings))
    with app.app_context():
        clean_up()
        app.extensions["engine"].dispose()


def _partitions(here: Site) -> None:
    """A timeline of 12 rows among ROWS, from one table and from MONTHS partitions by time."""
    with psycopg.connect(libpq(here.settings["DATABASE_URL"]), autocommit=True) as database:
        columns = "(id bigint, at timestamptz NOT NULL, payment text, data jsonb)"
        database.execute(f"CREATE TABLE plain {columns}")
        database.execute(f"CREATE TABLE parted {columns} PARTITION BY RANGE (at)")
        for month in range(MONTHS):
            first, last = (f"{2024 + n // 12}-{n % 12 + 1:02}-01" for n in (month, month + 1))
            database.execute(
                f"CREATE TABLE parted_{month} PARTITION OF parted FOR VALUES"
                f" FROM ('{first}') TO ('{last}')"
            )
        took: dict[str, list[float]] = {"plain": [], "parted": []}
        for name in took:
            table = sql.Identifier(name)
            began = time.perf_counter()
            database.execute(sql.SQL(_FILL).format(table=table, rows=ROWS))
            database.execute(sql.SQL("CREATE INDEX ON {} (payment, id)").format(table))
            database.execute(sql.SQL("VACUUM ANALYZE {}").format(table))
            print(f"{name}: {ROWS:,} rows stored in {time.perf_counter() - began:.0f} s")
        asked = "SELECT * FROM {} WHERE payment = {} ORDER BY id"
        for _ in range(400):
            payment = f"txn_{random.randrange(ROWS // 12)}"  # noqa: S311 - any of them
            for name, times in took.items():
                began = time.perf_counter()
                database.execute(sql.SQL(asked).format(sql.Identifier(name), payment)).fetchall()
                times.append((time.perf_counter() - began) * 1000)
        for name, times in took.items():
            print(f"{name}: a timeline in {statistics.median(times):.2f} ms, of {len(times)}")


if __name__ == "__main__":
    main()
