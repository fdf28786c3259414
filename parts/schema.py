"""An empty database with the product's tables, migrated once and copied for each use."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from psycopg import Connection, sql

from parts.postgres import create_database
from parts.settings import NO_CACHE, NO_REDIS, private_settings

TEMPLATE = "migrated"
SQLITE = "sqlite:///"


def migrate(database_url: str) -> None:
    """Run every migration, as a deployment does. Raises RuntimeError with what Alembic said."""
    settings = private_settings(
        database_url=database_url,
        redis_url=NO_REDIS,
        cache_redis_url=NO_CACHE,
        sandbox_url="http://127.0.0.1:1",
    )
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The migrations failed:\n{done.stdout}{done.stderr}")


def postgres_template(server: str) -> str:
    """Migrate a template on the server and give its name. `server` is any URL of the server."""
    migrate(create_database(server, TEMPLATE))
    return TEMPLATE


def sqlite_template(directory: Path) -> Path:
    """Migrate a template file."""
    path = directory / f"{TEMPLATE}.sqlite3"
    migrate(f"{SQLITE}{path}")
    return path


def copy_sqlite(template: Path, path: Path) -> None:
    """Lay a fresh copy over a file that nobody has open."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(template, path)


def empty_tables(connection: Connection) -> None:
    """Empty every table that has rows, append-only ones included.

    Triggers are off for it, and a session that still holds a lock is an error after 5 s.
    """
    connection.execute("SET lock_timeout = '5s'; SET session_replication_role = replica")
    names = tables_of(connection)
    if not names:
        return
    asks = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name))
        for name in names
    ]
    truncate(
        connection, [name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(asks))]
    )


def tables_of(connection: Connection) -> list[str]:
    """The product's tables; that of the schema's version is Alembic's own."""
    listed = connection.execute(
        "SELECT tablename FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename <> 'pay_alembic_version'"
    )
    return [name for (name,) in listed]


def truncate(connection: Connection, names: list[str]) -> None:
    """Empty these tables; their counters begin again. Triggers and foreign keys must be off.

    Rows of tests are few, and to delete them is cheaper than the new files that TRUNCATE makes; a
    table that grew gets its new file. Nobody else may hold any of them meanwhile.
    """
    if not names:
        return
    tables = sql.SQL(", ").join(map(sql.Identifier, names))
    large = {name for (name,) in connection.execute(_LARGE, [names])}
    counters = [name for (name,) in connection.execute(_COUNTERS, [names])]
    emptied = [
        (sql.SQL("TRUNCATE {} CASCADE") if name in large else sql.SQL("DELETE FROM {}")).format(
            sql.Identifier(name)
        )
        for name in names
    ]
    begun = [sql.SQL("SELECT setval({}, 1, false)").format(name) for name in counters]
    lock = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(tables)
    connection.execute(sql.SQL("; ").join([lock, *emptied, *begun]))


_LARGE = """
    SELECT name FROM unnest(%s::text[]) AS name
    WHERE pg_relation_size(quote_ident(name)::regclass) > 64 * 1024
"""
_COUNTERS = """
    SELECT counter.oid::regclass::text FROM pg_class AS counter
    JOIN pg_depend ON pg_depend.objid = counter.oid
    JOIN pg_class AS tables ON tables.oid = pg_depend.refobjid
    WHERE counter.relkind = 'S' AND tables.relname = ANY(%s)
"""
