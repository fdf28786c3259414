"""What the sandbox remembers: Stripe objects as JSON rows in one SQLite database.

All writing happens under one lock, one request at a time; waiting is never done inside it.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Object = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (account, kind, seq);
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (json_extract(body, '$.payment_intent'))
    WHERE json_extract(body, '$.payment_intent') IS NOT NULL;
CREATE TABLE IF NOT EXISTS answers (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE TABLE IF NOT EXISTS reminders (
    object TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    due REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    account TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE delivered = 0;
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
"""


class Store:
    def __init__(self, data_dir: Path | None) -> None:
        """In memory without a directory. Raises OSError or sqlite3.Error if it cannot open."""
        if data_dir:
            data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / "sandbox.sqlite3" if data_dir else ":memory:"
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {_SCHEMA}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything or nothing, alone."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def query(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def put(self, account: str, thing: Object) -> Object:
        self.query(
            "INSERT INTO objects (id, account, kind, created, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body, created = excluded.created",
            thing["id"],
            account,
            thing["object"],
            thing["created"],
            json.dumps(thing),
        )
        return thing

    def get(self, account: str, object_id: str, kind: str | None = None) -> Object | None:
        rows = self.query(
            "SELECT kind, body FROM objects WHERE id = ? AND account = ?", object_id, account
        )
        if not rows or (kind and rows[0]["kind"] != kind):
            return None
        found: Object = json.loads(rows[0]["body"])
        return found

    def owner(self, object_id: str) -> str | None:
        """The account that an object belongs to."""
        rows = self.query("SELECT account FROM objects WHERE id = ?", object_id)
        return rows[0]["account"] if rows else None

    def select(
        self,
        account: str,
        kind: str,
        where: dict[str, Any] | None = None,
        *,
        condition: str = "TRUE",
        after: str | None = None,
        before: str | None = None,
        limit: int = -1,
    ) -> list[Object]:
        """Newest first. `where` compares top-level fields; `condition` is trusted SQL."""
        values: list[Any] = [account, kind]
        sql = f"SELECT body FROM objects WHERE account = ? AND kind = ? AND {condition}"  # noqa: S608
        for field, value in (where or {}).items():
            sql += f" AND json_extract(body, '$.{field}') = ?"
            values.append(value)
        if after:
            sql += " AND seq < (SELECT seq FROM objects WHERE id = ?)"
            values.append(after)
        if before:
            sql += " AND seq > (SELECT seq FROM objects WHERE id = ?)"
            values.append(before)
        order = "ASC" if before else "DESC"
        rows = self.query(f"{sql} ORDER BY seq {order} LIMIT ?", *values, limit)
        found = [json.loads(row["body"]) for row in rows]
        return found[::-1] if before else found
