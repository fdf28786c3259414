"""concurrency: the same work on many threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from payments_app.core.extensions import db
from payments_app.core.jobs.command import Claim


def claim(subject: str, tries: int = 0) -> Claim:
    """A claim on no message, for a job that is run by hand."""
    return Claim(0, "by hand", "by hand", subject, 0, 0, tries)


def run_at_once(app: Flask, work: Callable[[], object], times: int = 8) -> list[object]:
    """What each of `times` runs returned, or the exception that it raised."""
    start = threading.Barrier(times)

    def one() -> object:
        with app.app_context():
            start.wait(10)
            try:
                return work()
            except Exception as error:
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(times)]]
