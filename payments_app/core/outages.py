"""outages: what everything here needs and does not answer is one line in the log of each process as
it begins, and one as it ends, however many requests and jobs notice."""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

log = logging.getLogger(__name__)

CALM_SECONDS = 5.0  # without a failure, until an answer is the end of it


class Outage:
    """Of what is `name`d in the log. Threads share it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._failures, self._began, self._last = 0, 0.0, 0.0

    def failed(self, error: BaseException, meanwhile: str = "") -> None:
        """It did not answer. The first one says so, and what is done `meanwhile`."""
        with self._lock:
            self._last = time.monotonic()
            self._failures += 1
            if self._failures > 1:
                return
            self._began = self._last
        then = f"; {meanwhile}" if meanwhile else ""
        log.error("%s does not answer: %s%s", self._name, in_a_line(error), then)

    def answered(self) -> None:
        """It did. That costs next to nothing while all is well."""
        if not self._failures or time.monotonic() - self._last < CALM_SECONDS:
            return
        with self._lock:
            failures, self._failures = self._failures, 0
        if failures:
            after = f"{self._last - self._began:.0f} s and {failures} failures later"
            log.warning("%s answers again, %s", self._name, after)


DATABASE = Outage("the database")
JOBS_REDIS = Outage("the Redis for jobs")


def is_database_away(error: BaseException) -> bool:
    """Whether this is said by a database that does not answer, and not by a fault of ours; also of
    an error that says that nobody knows whether a COMMIT was heard."""
    for each in (error, error.__cause__):
        if isinstance(each, OperationalError | InterfaceError | PoolTimeoutError):
            return True
        if isinstance(each, DBAPIError) and each.connection_invalidated:
            return True
    return False


def lacks_tables(error: BaseException) -> bool:
    """Whether a database says that it has no such table or column: it was not migrated.
    https://www.postgresql.org/docs/17/errcodes-appendix.html"""
    said = getattr(error, "orig", None)
    lacking = ("no such table", "no such column")  # SQLite has no codes of its own for them
    return getattr(said, "sqlstate", None) in ("42P01", "42703") or str(said).startswith(lacking)


def in_a_line(error: BaseException) -> str:
    """What an error says, without the statement that met it."""
    said = str(getattr(error, "orig", None) or error).strip()
    return f"{type(error).__name__}: {said.splitlines()[0] if said else 'no words'}"
