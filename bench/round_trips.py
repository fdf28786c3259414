"""Counting what is sent to PostgreSQL, hooked at psycopg's connection."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg._connection_base import BaseConnection

_HOOKED = (
    (BaseConnection, "_exec_command"),  # BEGIN, COMMIT, ROLLBACK
    (psycopg.Cursor, "execute"),
    (psycopg.Cursor, "executemany"),  # one pipeline
)


@contextlib.contextmanager
def counted() -> Iterator[list[str]]:
    """What this thread sends to PostgreSQL meanwhile, a text for each round trip: pings, BEGIN,
    COMMIT, statements. Not counted is that a statement is prepared, once for each connection."""
    sent: list[str] = []
    thread = threading.get_ident()

    def hooked(original: Callable[..., Any]) -> Callable[..., Any]:
        def send(here: Any, said: Any, *rest: Any, **more: Any) -> Any:
            if threading.get_ident() == thread:
                sent.append(said.decode() if isinstance(said, bytes) else str(said))
            return original(here, said, *rest, **more)

        return send

    originals = [(owner, name, getattr(owner, name)) for owner, name in _HOOKED]
    for owner, name, original in originals:
        setattr(owner, name, hooked(original))
    try:
        yield sent
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def transactions(sent: list[str]) -> int:
    """How many of these begin one; a statement in autocommit is none."""
    return sum(text.startswith("BEGIN") for text in sent)
