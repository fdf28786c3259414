"""RQ's worker, with two changes: it notices a dead worker soon, and finishes its work at
shutdown."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from typing import Any

from flask import Flask
from redis import Redis
from rq import Worker
from rq.serializers import JSONSerializer

from payments_app.core import registry
from payments_app.core.extensions import db
from payments_app.core.jobs import runner
from payments_app.core.jobs.wake_up_job import WakeUpJob


class QueueWorker(Worker):
    """Forks a work-horse for each wake-up; a warm shutdown tells the horse to claim nothing
    more."""

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGUSR1)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGUSR1, _stop)


def _stop(_signum: int, _frame: Any) -> None:
    runner.stopping.set()


def run(app: Flask, queue: str, niceness: int = 0) -> None:
    """Work on one queue until told to stop; niceness leaves the processor to others.

    One queue to a worker: a job popped from the second of two queues as the worker dies is gone
    for good.
    """
    os.nice(niceness)
    # A horse that is told to stop before it listens must not die of it.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    logging.getLogger("rq").setLevel(logging.WARNING)
    with app.app_context():
        registry.register_subscribers()
        db.session.remove()
        db.engine.dispose()  # a work-horse is forked: no connection may be shared with it
        worker = QueueWorker(
            [queue],
            connection=Redis.from_url(app.config["CONFIG"].redis_url),
            job_class=WakeUpJob,
            serializer=JSONSerializer,
            worker_ttl=45,
            maintenance_interval=30,
            job_monitoring_interval=5,
            log_job_description=False,
        )
        worker.work(logging_level="WARNING")
