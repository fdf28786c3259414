"""A test's own database: what lies in it before, and what may not have become of it after.

The bystanders' rows are kept a second time in a schema of their own, from which they are laid down
again, and with which they are compared.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from parts.postgres import libpq
from parts.schema import SQLITE, copy_sqlite, empty_tables, tables_of, truncate
from tests.bystanders import add_bystanders

# A message that raised, died, or was claimed by somebody who never said how it ended. What is put
# off in order has none of these.
NOT_WELL = """
    SELECT command, subject, failures, claims, dead_at IS NOT NULL, last_error FROM pay_outbox
    WHERE failures > 0 OR dead_at IS NOT NULL
       OR claims > CASE WHEN done_at IS NULL THEN 0 ELSE 1 END
    ORDER BY id
"""


_said: set[str] = set()


def expect_failure(command: str) -> None:
    """As the mark `expects_failure`, for a driver that lets a command fail."""
    _said.add(command)


def in_words(
    command: str, subject: str, failures: int, claims: int, dead: bool, error: str | None
) -> str:
    """What became of a message, for the person who reads why a test failed."""
    if dead:
        what = "died"
    elif failures:
        what = f"raised {failures} times" if failures > 1 else "raised"
    else:
        what = f"was claimed {claims} times and never given back"
    return f"{command} of {subject} {what}: {error}"


class OwnDatabase:
    """`url` as SQLAlchemy takes it."""

    url: str
    live: str  # the schema of the product's tables
    tables: list[str]  # those with rows of the bystanders

    def reset(self, *, bystanders: bool) -> None:
        """Leave the bystanders' rows in it, or none."""
        raise NotImplementedError

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def complaints(self, expected: Collection[tuple[str, ...]], *, bystanders: bool) -> list[str]:
        """What a test left behind that it did not say. `expected` are the commands that may fail,
        as the marks name them: one without a name allows any."""
        unsaid = [
            f"not said by expects_failure: {in_words(*row)}"
            for row in self.query(NOT_WELL)
            if row[0] not in _said
            and not any(row[0] in commands or not commands for commands in expected)
        ]
        changed = self.changed_bystanders() if bystanders else []
        return unsaid + [f"somebody else's row was changed in {table}" for table in changed]

    def changed_bystanders(self) -> list[str]:
        """Tables in which a row of theirs is not as it was."""
        asks = (
            f"SELECT '{name}' WHERE EXISTS"
            f" (SELECT * FROM bystander.{name} EXCEPT SELECT * FROM {self.live}.{name})"
            for name in self.tables
        )
        return [name for (name,) in self.query(" UNION ALL ".join(asks))]


class PostgresDatabase(OwnDatabase):
    """One for each process: its tables are emptied before each test."""

    live = "public"

    def __init__(self, url: str) -> None:
        self.url = url
        add_bystanders(url)
        self._connection = psycopg.connect(libpq(url), autocommit=True)
        self._connection.execute("SET lock_timeout = '5s'; SET session_replication_role = replica")
        self._connection.execute("CREATE SCHEMA bystander")
        everything = tables_of(self._connection)
        self.tables = [name for name in everything if self.query(f"SELECT 1 FROM {name} LIMIT 1")]
        self._empty = [name for name in everything if name not in self.tables]
        for name in self.tables:
            self._connection.execute(f"CREATE TABLE bystander.{name} AS TABLE {name}")
        self._others = " UNION ALL ".join(
            [f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in self._empty]
            + [
                f"SELECT '{name}' WHERE EXISTS"
                f" (SELECT * FROM {name} EXCEPT SELECT * FROM bystander.{name})"
                for name in self.tables
            ]
        )
        self._refill = ";".join(
            f"INSERT INTO {name} SELECT * FROM bystander.{name} ON CONFLICT DO NOTHING"
            for name in self.tables
        )

    def reset(self, *, bystanders: bool) -> None:
        _said.clear()
        if not bystanders:
            empty_tables(self._connection)
            return
        truncate(self._connection, [name for (name,) in self.query(self._others)])
        self._connection.execute(self._refill)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql.SQL(statement)).fetchall()  # type: ignore[arg-type]

    def close(self) -> None:
        self._connection.close()


class SqliteDatabase(OwnDatabase):
    """A file that is laid down anew before each test."""

    live = "main"

    def __init__(self, template: Path, directory: Path) -> None:
        self._path = directory / "payments.sqlite3"
        self.url = f"{SQLITE}{self._path}"
        self._without, self._with = template, directory / "bystanders.sqlite3"
        shutil.copyfile(template, self._with)
        add_bystanders(f"{SQLITE}{self._with}")
        self._path.touch()
        listed = self.query("SELECT name FROM bystander.sqlite_master WHERE type = 'table'")
        names = [name for (name,) in listed if name != "pay_alembic_version"]
        self.tables = [n for n in names if self.query(f"SELECT 1 FROM bystander.{n} LIMIT 1")]

    def reset(self, *, bystanders: bool) -> None:
        _said.clear()
        copy_sqlite(self._with if bystanders else self._without, self._path)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self._path)
        try:
            connection.execute("ATTACH ? AS bystander", [str(self._with)])
            return connection.execute(statement).fetchall()
        finally:
            connection.close()
