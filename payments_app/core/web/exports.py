"""exports: files that are long to make, and are made while somebody reads them. Each holds a thread
of the web until its reader has it: so one at a time for each who asks, and few in a process. Pages
that may be long to make are few for each who asks."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from flask import Response

from payments_app.core.web import held_threads
from payments_app.core.web.headers import private
from payments_app.core.web.http import ProblemError
from payments_app.core.web.limits import Rate, limiter

MERCHANT, STAFF, APPLICATION = "merchant", "staff", "application"
ASKED = Rate(30, 3600)  # lists, of one merchant or of one member of staff
AT_ONCE = 2  # in a process, of merchants and of staff each: neither waits for the other
PAGES_AT_ONCE = 2  # in a process, of each who asks
_RETRY_SECONDS = 30

_lock = threading.Lock()
_running: set[tuple[str, str]] = set()
_pages: Counter[tuple[str, str]] = Counter()


def count(audience: str, subject: str) -> None:
    """Count a list that a MERCHANT or a member of STAFF takes. Raises ProblemError 429."""
    limiter().check(f"export_{audience}", ASKED, subject)


def csv_answer(
    audience: str, subject: str, note: Callable[[], None], lines: Iterable[str], name: str
) -> Response:
    """The file, in lines that are made as they are read; `note` writes down who takes it, before.
    The lines hold no database connection from one to the next: a slow reader takes their time.

    Raises ProblemError 429 where one of this subject's runs here, or AT_ONCE of the others'.
    """
    _begin(audience, subject)
    try:
        note()
        answer = Response(lines, mimetype="text/csv")
        # Once: as it was read, as its reader left, or where nobody has it any more.
        answer.call_on_close(weakref.finalize(answer, _end, audience, subject))
    except BaseException:
        _end(audience, subject)
        raise
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return private(answer)


@contextmanager
def long_page(audience: str, subject: str) -> Iterator[None]:
    """While a page that may be long to make is made. Raises ProblemError 429 where PAGES_AT_ONCE
    of this subject's are being made here."""
    theirs = (audience, subject)
    with _lock:
        if _pages[theirs] >= PAGES_AT_ONCE:
            raise _busy("Other pages of yours are being made already.")
        _hold_a_thread()
        _pages[theirs] += 1
    try:
        yield
    finally:
        held_threads.give_back()
        with _lock:
            _pages[theirs] -= 1
            if not _pages[theirs]:
                del _pages[theirs]


def _begin(audience: str, subject: str) -> None:
    with _lock:
        if (audience, subject) in _running:
            raise _busy("A file of yours is being made already.")
        if sum(of == audience for of, _ in _running) >= AT_ONCE:
            raise _busy("Too many files are being made right now.")
        _hold_a_thread()
        _running.add((audience, subject))


def _end(audience: str, subject: str) -> None:
    with _lock:
        if (audience, subject) in _running:
            _running.remove((audience, subject))
            held_threads.give_back()


def _hold_a_thread() -> None:
    try:
        held_threads.take(held_threads.FOR_ALL)
    except held_threads.NoneLeftError:
        raise _busy("Too many long pages are being made right now.") from None


def _busy(why: str) -> ProblemError:
    words = f"{why} Wait {_RETRY_SECONDS} seconds and try again."
    return ProblemError(429, "rate_limited", words, headers={"Retry-After": str(_RETRY_SECONDS)})
