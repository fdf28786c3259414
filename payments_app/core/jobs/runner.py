"""The one RQ job: claim what is due in a queue and do it, on as many threads as the queue has."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from flask import Flask, current_app
from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError

from payments_app.core import registry
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import CommitOutcomeUnknownError, at_once
from payments_app.core.extensions import db
from payments_app.core.jobs import counters, due, leases, unknown
from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.job_times import Times
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.perform import perform
from payments_app.core.jobs.turns import Room, room_in
from payments_app.core.outages import DATABASE, is_database_away

log = logging.getLogger(__name__)

CLAIM_SECONDS = 240  # of one round, within the RQ job's 330: what runs then is the next round's
LONGEST_SECONDS = 290  # of one message: a thread that takes longer hangs, and the process ends
FINISH_SECONDS = 80  # for what runs when the process is told to end
RENEW_SECONDS = leases.LEASE_SECONDS / 3
MISSED_WAKE_UP_SECONDS = 0.5  # so long a message waits for its wake-up before a look takes it
stopping = threading.Event()  # set at warm shutdown: claim nothing more, finish what runs
_making = threading.Lock()


@dataclass(frozen=True)
class _Running:
    claim: Claim
    since: float  # by the monotonic clock

    @property
    def hangs(self) -> bool:
        return time.monotonic() > self.since + LONGEST_SECONDS


class Runner:
    """One queue's threads in this process, and what they do. They stay, each with its connection
    to Stripe. Rounds go one at a time: a wake-up's (`run`), or one of a `look` for what no wake-up
    came for, which gives way to a wake-up."""

    def __init__(self, app: Flask, queue: str, threads: int) -> None:
        self._app, self._queue, self._threads = app, queue, threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=queue)
        self._running: dict[Future[None], _Running] = {}
        self._renewed = 0.0
        self._round_lock, self._woken = threading.Lock(), threading.Event()
        self._untold: Counter[int] = Counter()  # claims whose end the database took no word of
        self._started: Counter[tuple[str, str]] = Counter()
        self._started_lock = threading.Lock()
        self.times = Times(queue)

    def run(self) -> int:
        """A round, once the one under way is over: its last claim may have been before the
        commit that this wake-up tells of. Return how many messages were begun."""
        self._woken.set()
        try:
            with self._round_lock:
                self._woken.clear()
                return self._round(counters.BY_JOB)
        finally:
            self._woken.clear()  # RQ's time-out may end the wait

    def look(self) -> int:
        """A round where something waits for over MISSED_WAKE_UP_SECONDS, or was left running by
        the last one, and none is under way."""
        if not self._round_lock.acquire(blocking=False):
            return 0
        try:
            return self._round(counters.BY_LOOK) if self._running or _is_late(self._queue) else 0
        finally:
            self._round_lock.release()

    def finish(self) -> bool:
        """Wait for what runs, FINISH_SECONDS at most; say whether all of it has ended."""
        until = time.monotonic() + FINISH_SECONDS
        with self._round_lock:
            while self._is_busy() and time.monotonic() < until:
                self._tend()
        return not self._running

    def leave(self) -> None:
        """The same, as the process ends. Where a thread hangs it ends at once: the interpreter
        would wait for that."""
        if not self.finish():
            logging.shutdown()
            os._exit(1)

    def take_started(self) -> Counter[tuple[str, str]]:
        """How many messages were begun since this was last asked, by command and by what."""
        with self._started_lock:
            started, self._started = self._started, Counter()
        return started

    def _round(self, by: str) -> int:
        """Claim and do what is due until nothing is, for CLAIM_SECONDS at most. The leases of what
        runs are renewed meanwhile."""
        until, begun = time.monotonic() + CLAIM_SECONDS, 0
        while time.monotonic() < until and not stopping.is_set():
            if by == counters.BY_LOOK and self._woken.is_set():
                break
            begun += self._fill(by)
            if not self._running:
                break
            self._tend()
        return begun

    def _fill(self, by: str) -> int:
        if not self._running:
            self._renewed = time.monotonic()
        self._uncount()
        room = room_in(self._threads, (running.claim for running in self._running.values()))
        claims = _claim(self._queue, self._threads - len(self._running), room)
        if by == counters.BY_LOOK:
            claims = [replace(claim, looked=True) for claim in claims]
        with self._started_lock:
            self._started.update((claim.command, by) for claim in claims)
        for claim in claims:
            running = _Running(claim, time.monotonic())
            self._running[self._pool.submit(self._work, claim)] = running
        return len(claims)

    def _work(self, claim: Claim) -> None:
        begun, went_well = time.monotonic(), False
        with self._app.app_context():
            try:
                went_well = perform(claim)
            finally:
                self.times.note(claim.command, time.monotonic() - begun, failed=not went_well)
                db.session.remove()

    def _tend(self) -> None:
        """Renew leases, and wait for one to end; not for long, since more may be due meanwhile."""
        if time.monotonic() > self._renewed + RENEW_SECONDS:
            _renew([running.claim for running in self._running.values() if not running.hangs])
            self._renewed = time.monotonic()
        ended, _ = wait(self._running, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in ended:
            claim, error = self._running.pop(future).claim, future.exception()
            if error is not None and is_database_away(error):
                self._untold[claim.message_id] += 1
        hanging = [running.claim for running in self._running.values() if running.hangs]
        if hanging and not stopping.is_set():
            log.critical("this process ends, since a thread hangs: %s", hanging)
            os.kill(os.getpid(), signal.SIGTERM)

    def _uncount(self) -> None:
        """Before anything is claimed anew: what this process could not say is no crash of it."""
        try:
            for message_id, claims in list(self._untold.items()):
                leases.uncount(message_id, claims)
                del self._untold[message_id]
        except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
            DATABASE.failed(error)

    def _is_busy(self) -> bool:
        return any(not running.hangs for running in self._running.values())


def run_due_messages(queue: str, threads: int | None = None) -> int:
    """Do all that is due in `queue`; return how many messages were begun.

    For CLAIM_SECONDS at most, so that the RQ job never outlives its time-out.
    """
    registry.register_subscribers()
    begun = runner_of(queue, threads).run()
    _tell_of_unknown(queue)
    return begun


def runner_of(queue: str, threads: int | None = None) -> Runner:
    """The process's one runner of a queue."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with _making:
        runners: dict[str, Runner] = app.extensions.setdefault("runners", {})
        if queue not in runners:
            threads = threads or app.extensions["queue_threads"].get(queue, 1)
            runners[queue] = Runner(app, queue, threads)
        return runners[queue]


def _is_late(queue: str) -> bool:
    """Whether a message that is known here has been due for a while, and nobody is on it."""
    late = Message.available_at <= database_now(-MISSED_WAKE_UP_SECONDS)
    waiting = select(Message.id).where(Message.queue == queue, due.is_known(), late)
    (found,) = at_once(select(exists(waiting.where(*due.claimable()))))
    return bool(found[0])


def _claim(queue: str, limit: int, room: Room) -> list[Claim]:
    """A database that is away ends the claiming, never what runs already."""
    if limit < 1:
        return []
    try:
        return leases.claim(queue, limit, room)
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        DATABASE.failed(error)
        return []


def _tell_of_unknown(queue: str) -> None:
    try:
        unknown.tell(queue)
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        DATABASE.failed(error)


def _renew(claims: list[Claim]) -> None:
    try:
        leases.renew(claims)
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        DATABASE.failed(error)
