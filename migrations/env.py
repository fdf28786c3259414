"""Alembic's environment: the application's own engine, short lock waits, our types by name."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import text

from payments_app.core.db import clock, columns
from payments_app.core.extensions import db
from payments_app.staff.indexes import CUSTOMER_WORDS_INDEX

# A migration that waits for a lock makes every query behind it wait as well: better to fail and
# be run again. https://www.postgresql.org/docs/current/explicit-locking.html
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "5s", "10min"
VERSION_TABLE = "pay_alembic_version"  # a host application has one of its own


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our types and defaults by name: they mean the right thing on each database."""
    known = {id(columns.BIGINT): "columns.BIGINT", id(columns.JSON_TYPE): "columns.JSON_TYPE"}
    if kind == "type" and (isinstance(item, columns.UTCDateTime) or id(item) in known):
        autogen.imports.add("from payments_app.core.db import clock, columns")
        return known.get(id(item), "columns.UTCDateTime()")
    if kind == "type" and isinstance(item, columns.Key):
        return f"sa.String(length={item.length})"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), clock.database_now):
        return "clock.database_now()"
    return False


def compare(_item: Any, name: str | None, kind: str, _reflected: bool, _with: Any) -> bool:
    """Whether it is to be compared: an index that no model can hold is the migrations' own."""
    return not (kind == "index" and name == CUSTOMER_WORDS_INDEX)


def keep_empty_out(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration where nothing changed."""
    if context.config.cmd_opts and getattr(context.config.cmd_opts, "autogenerate", False):
        script = directives[0]
        if script.upgrade_ops.is_empty():
            directives[:] = []


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """What else lies in the database is another application's."""
    return kind != "table" or (name or "").startswith("pay_") or name in db.metadata.tables


def run() -> None:
    """Migrate the application's database, each migration in a transaction of its own."""
    options = current_app.extensions["migrate"].configure_args
    options.setdefault("process_revision_directives", keep_empty_out)
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            version_table=VERSION_TABLE,
            render_item=render_item,
            include_name=include_name,
            include_object=compare,
            transaction_per_migration=True,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
