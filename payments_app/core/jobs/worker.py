"""The process that works on one queue: RQ's SimpleWorker in the main thread, which a wake-up
starts, and a thread that looks by itself, since Redis may be away or forget.

Nothing is forked, so that threads keep their connections. A crash takes the process: its
supervisor starts it again, and leases give its messages back.
"""

from __future__ import annotations

import contextlib
import logging
import random
import signal
import threading
from collections import Counter
from types import CodeType, FrameType

from flask import Flask
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from payments_app.core import redis_client, registry
from payments_app.core.db.session import CommitOutcomeUnknownError, atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import counters
from payments_app.core.jobs.heartbeats import Heart
from payments_app.core.jobs.queue_worker import AGAIN_SECONDS, WITHOUT_OUTAGES, QueueWorker
from payments_app.core.jobs.runner import runner_of, stopping
from payments_app.core.jobs.short_answers import read_no_long_answers
from payments_app.core.jobs.wake_up_job import WakeUpJob
from payments_app.core.outages import DATABASE, JOBS_REDIS, is_database_away

log = logging.getLogger(__name__)

LOOK_SECONDS = (0.8, 1.2)  # between two looks; not all at once on one database


class QueueProcess:
    """Works on one queue until told to stop.

    One queue to a process: a job popped from the second of two queues as the worker dies is gone
    for good.
    """

    def __init__(self, app: Flask, queue: str) -> None:
        self._app, self._queue = app, queue
        self._worker: QueueWorker | None = None

    def run(self) -> None:
        """Returns once what ran has ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        looking = threading.Thread(target=self._look, name="look", daemon=True)
        with self._app.app_context():
            runner = runner_of(self._queue)
            with contextlib.suppress(StopRequested):
                registry.register_subscribers()
                db.session.remove()
                looking.start()
                self._listen()
            store_started(self._queue, runner.take_started())
            runner.times.store(at_end=True)
            runner.leave()
        looking.join(LOOK_SECONDS[1])

    def _stop(self, _signum: int, frame: FrameType | None) -> None:
        """Of a signal. What runs is finished; waiting for Redis is not. An exception that a handler
        raises may be swallowed, by a log's handler or a finaliser: each further signal raises it
        again, and without one RQ's own wait ends within half a minute."""
        stopping.set()
        worker = self._worker
        if worker is not None:
            worker._stop_requested = True
        if (worker is None or not worker.in_job) and _is_within(frame, self._listen.__code__):
            raise StopRequested

    def _listen(self) -> None:
        """Take wake-ups; RQ's worker ends wherever Redis fails."""
        while not stopping.is_set():
            try:
                self._worker = self._connect()
                self._worker.work(logging_level="WARNING")
            except (RedisError, OSError) as error:
                JOBS_REDIS.failed(error, f"{self._queue} looks by itself")
            stopping.wait(AGAIN_SECONDS)

    def _connect(self) -> QueueWorker:
        url = self._app.config["CONFIG"].redis_url
        redis = redis_client.client(url, retry=Retry(NoBackoff(), 0), driver_info=None)
        return QueueWorker(
            [self._queue],
            connection=read_no_long_answers(redis),
            job_class=WakeUpJob,
            serializer=JSONSerializer,
            worker_ttl=45,
            maintenance_interval=30,
            log_job_description=False,
        )

    def _look(self) -> None:
        with self._app.app_context():
            runner, heart = runner_of(self._queue), Heart(self._queue)
        while not stopping.wait(random.uniform(*LOOK_SECONDS)):  # noqa: S311 - jitter
            with self._app.app_context():
                try:
                    runner.look()
                    heart.beat()
                except Exception as error:  # the next look may do better
                    if is_database_away(error):
                        DATABASE.failed(error)
                    else:
                        log.exception("a look at %s broke off", self._queue)
                finally:
                    db.session.remove()
                store_started(self._queue, runner.take_started())
                runner.times.store()
        with self._app.app_context():
            heart.end()


def _is_within(frame: FrameType | None, code: CodeType) -> bool:
    """Whether a frame is of this code, or of what it called."""
    while frame is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False


def store_started(queue: str, started: Counter[tuple[str, str]]) -> None:
    """Add to the counters what a runner of this queue began. A few are lost with the database."""
    if not started:
        return
    try:
        _count_started(queue, started)
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        DATABASE.failed(error)
    finally:
        db.session.remove()


@atomic
def _count_started(session: Session, queue: str, started: dict[tuple[str, str], int]) -> None:
    counters.count_started(session, queue, started)


def run(app: Flask, queue: str) -> None:
    """Work on one queue until told to stop."""
    logging.getLogger("rq").setLevel(logging.WARNING)
    logging.getLogger("rq.worker").addFilter(WITHOUT_OUTAGES)
    QueueProcess(app, queue).run()
