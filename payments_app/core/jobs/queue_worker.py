"""RQ's SimpleWorker as the process of one queue needs it, and what of its log is kept back."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from redis import RedisError
from rq import SimpleWorker

from payments_app.core.outages import JOBS_REDIS

AGAIN_SECONDS = 1.0  # until Redis is tried again
WAIT_SECONDS = 1  # for a wake-up, in one command; then RQ asks anew


class QueueWorker(SimpleWorker):
    """Takes wake-ups until Redis fails; `QueueProcess` starts the next."""

    max_connection_wait_time = AGAIN_SECONDS
    in_job = False

    def execute_job(self, job: Any, queue: Any) -> None:
        job.origin = queue.name  # what Redis says of it may be another queue's, or anything
        self.in_job = True
        try:
            super().execute_job(job, queue)
        finally:
            self.in_job = False

    @property
    def dequeue_timeout(self) -> int:
        return WAIT_SECONDS

    @property
    def connection_timeout(self) -> int:
        """RQ itself adds ten seconds, for each command to a Redis that is frozen."""
        return WAIT_SECONDS + 1

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline)
        if pipeline is None:
            JOBS_REDIS.answered()

    def teardown(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            self.register_death()  # type: ignore[no-untyped-call]

    def subscribe(self) -> None:
        """RQ's remote commands are not used: they would cost a thread and a connection."""

    def _install_signal_handlers(self) -> None:
        """The process has its own."""


class _WithoutOutages(logging.Filter):
    """Of RQ's log: that Redis is away is said once, and not each second with a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args if isinstance(record.args, tuple) else ()
        told = [record.exc_info[1]] if record.exc_info else [*args]
        errors = [error for error in told if isinstance(error, RedisError | OSError)]
        if not errors and "Redis connection timeout" in str(record.msg):
            errors = [TimeoutError("timed out")]
        for error in errors:
            JOBS_REDIS.failed(error, "workers look by themselves")
        return not errors


WITHOUT_OUTAGES = _WithoutOutages()
