"""joined: our part of a transaction that another application began on the same database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from payments_app.core.db.session import finish


@contextmanager
def joined(connection: Connection) -> Iterator[Session]:
    """A session of ours on this connection, whose owner commits or rolls back. Once it has
    committed, the queues in `session.info["wake_ups"]` are to be woken."""
    session = Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only")
    session.info.update(atomic=True, wake_ups={}, changed=set())
    try:
        yield session
        finish(session)
    finally:
        session.close()
