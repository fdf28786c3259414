"""held_threads: threads of this process of the web that are held for long, by a page that is long
to make, a file that is long to read, or somebody else's server. Each kind has a bound of its own;
all of them together leave some of the eight (gunicorn.conf.py) to whoever pays.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Two are for whoever pays. One of these two may be asking whether a buyer is a person: no page of
# a merchant's keeps them from that.
FOR_ALL, FOR_BUYERS = 6, 7

_lock = threading.Lock()
_held = 0


class NoneLeftError(Exception):
    """So many threads are held that this one may not be."""


def take(most: int) -> None:
    """Hold one more. Raises NoneLeftError where `most` are held, FOR_ALL or FOR_BUYERS."""
    global _held
    with _lock:
        if _held >= most:
            raise NoneLeftError
        _held += 1


def give_back() -> None:
    """One that was taken."""
    global _held
    with _lock:
        _held -= 1


@contextmanager
def one(most: int) -> Iterator[None]:
    """While it is held. Raises NoneLeftError."""
    take(most)
    try:
        yield
    finally:
        give_back()
