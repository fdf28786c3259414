"""A backup of the test's own database, and putting it back: every table's rows as they were."""

from __future__ import annotations

import psycopg
from psycopg import sql

from parts.postgres import libpq
from parts.schema import tables_of


class Backup:
    """Taken as it is made; kept in a schema of its own in the same database."""

    def __init__(self, database_url: str) -> None:
        self._url = libpq(database_url)
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS backup CASCADE")
            connection.execute("CREATE SCHEMA backup")
            self._tables = tables_of(connection)
            for name in self._tables:
                connection.execute(
                    sql.SQL("CREATE TABLE backup.{0} AS TABLE {0}").format(sql.Identifier(name))
                )

    def restore(self) -> None:
        """All that happened since is forgotten. Counters go on, as they may after a real one."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '5s'; SET session_replication_role = replica")
            for name in self._tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
                connection.execute(
                    sql.SQL("INSERT INTO {0} SELECT * FROM backup.{0}").format(sql.Identifier(name))
                )

    def close(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA backup CASCADE")
