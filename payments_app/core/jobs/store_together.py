"""store_together: all messages of an event by one statement, on PostgreSQL.

Arrays go in, so it is compiled and prepared once, however many they are.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Executable,
    Float,
    String,
    Table,
    all_,
    bindparam,
    column,
    false,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects import postgresql

from payments_app.core import registry
from payments_app.core.db.clock import database_now


def store_together(messages: Table) -> Executable:
    """Store `messages` that are given as arrays, and read who else subscribed to their event.

    Its rows: (stored, command, delay).
    """
    columns = ("command", "queue", "dedupe_key", "unique_key")
    texts = ("commands", "queues", "keys", "unique_keys")
    given = (
        func.unnest(
            *(bindparam(name, type_=ARRAY(String)) for name in texts),
            bindparam("delays", type_=ARRAY(Float)),
        )
        .table_valued(*(column(name, String) for name in columns), column("delay", Float))
        .render_derived()
    )
    rows = select(
        *(given.c[name] for name in columns),
        bindparam("subject", type_=String),
        bindparam("traceparent", type_=String),
        database_now(given.c.delay),
    )
    stored = (
        postgresql.insert(messages)
        .from_select([*columns, "subject", "traceparent", "available_at"], rows)
        .on_conflict_do_nothing()
        .returning(messages.c.command)
        .cte("stored")
    )
    subscribed = registry.EventSubscriber
    return union_all(
        select(true().label("stored"), stored.c.command, literal(0.0).label("delay")),
        select(false(), subscribed.command, subscribed.delay).where(
            subscribed.event == bindparam("event"),
            subscribed.command != all_(bindparam("own", type_=ARRAY(String))),
        ),
    )
