"""forking: a process that forks others starts no thread of its own.

A lock that a thread holds at the fork, as that of a module that it imports, is held in the child
for ever. So neither traces nor errors are sent from such a process: they stand in its log.
"""

from __future__ import annotations

import os
import threading

_forks: set[int] = set()


def begin() -> None:
    """Say that this process forks from now on. Its children are others."""
    _forks.add(os.getpid())


def forks_here() -> bool:
    """Whether this process said so, and may not start a thread."""
    return os.getpid() in _forks


def check_threads() -> None:
    """Raise RuntimeError where this process has a second thread."""
    if (threads := threading.active_count()) != 1:
        raise RuntimeError(f"{threads} threads run before a fork: {threading.enumerate()}")
