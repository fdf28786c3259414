"""A deadline for a whole conversation: a peer that drips a byte now and then never times out."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator


class Deadline:
    """`passed` says whether time ran out, and the connection was cut for it."""

    def __init__(self) -> None:
        self.passed = False

    def _cut(self, connection: socket.socket) -> None:
        self.passed = True
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def deadline(connection: socket.socket, seconds: float) -> Iterator[Deadline]:
    """Cut the connection when the block takes longer than `seconds`: reads and writes then end."""
    limit = Deadline()
    # A handle of its own: wrapping a socket in TLS takes the first one away.
    handle = socket.socket(fileno=os.dup(connection.fileno()))
    timer = threading.Timer(seconds, limit._cut, [handle])
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()
        timer.join()
        handle.close()
