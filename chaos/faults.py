"""The faults, each a function of the site that strikes for real: signals, lost data, lost answers.

One that lasts ends itself before it returns.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable

import psycopg
import redis

from chaos import clock
from chaos import faults_at_stripe as stripe
from chaos.site import Site
from parts.process import Process

Fault = Callable[[Site, random.Random], None]


def kill_worker_alone(site: Site, chance: random.Random) -> None:
    """Its work-horse lives on, and a second copy may run."""
    _kill(chance.choice(site.workers).pid)


def kill_horse_alone(site: Site, chance: random.Random) -> None:
    for pid in _wait_for_horse(site, _charger(site, chance)):
        _kill(pid)


def kill_worker_and_horse(site: Site, chance: random.Random) -> None:
    worker = _charger(site, chance)
    horses = _wait_for_horse(site, worker)
    for pid in (worker.pid, *horses):
        _kill(pid)


def stop_worker_gently(site: Site, chance: random.Random) -> None:
    """As a deploy does, in the middle of charges."""
    worker = chance.choice(site.workers)
    _wait_for_horse(site, worker)
    with contextlib.suppress(ProcessLookupError):
        worker.signal(signal.SIGTERM)


def kill_web(site: Site, _chance: random.Random) -> None:
    site.web.kill()


def kill_web_process(site: Site, chance: random.Random) -> None:
    """One of gunicorn's own; the others serve on."""
    children = site.horses(site.web)
    if children:
        _kill(chance.choice(children))


def kill_sweeper(site: Site, _chance: random.Random) -> None:
    site.sweeper.kill()


def flush_redis(site: Site, _chance: random.Random) -> None:
    """Every wake-up and every counter is gone."""
    for server in (site.jobs, site.cache):
        with contextlib.suppress(redis.RedisError), server.client() as client:
            client.flushall()


def restart_redis(site: Site, chance: random.Random) -> None:
    """Killed, away for a moment, and back without what it knew."""
    server = chance.choice((site.jobs, site.cache))
    server.kill()
    time.sleep(chance.uniform(0, 2))
    server.start()


def freeze_redis(site: Site, chance: random.Random) -> None:
    _freeze([chance.choice((site.jobs, site.cache)).pid], chance.uniform(0.5, 3))


def freeze_horses(site: Site, chance: random.Random) -> None:
    worker = _charger(site, chance)
    _freeze([worker.pid, *_wait_for_horse(site, worker)], chance.uniform(0.5, 3))


def freeze_web(site: Site, chance: random.Random) -> None:
    _freeze(site.horses(site.web), chance.uniform(0.5, 2))


def freeze_stripe(site: Site, chance: random.Random) -> None:
    _freeze([site.sandbox.pid], chance.uniform(0.5, 2))


def restart_database(site: Site, _chance: random.Random) -> None:
    """`immediate`: every transaction under way is lost, every connection breaks."""
    site.postgres.signal(signal.SIGQUIT)
    site.postgres.wait()
    site.postgres.start()


def cut_connections(site: Site, _chance: random.Random) -> None:
    """To the database: a third of them, wherever they are."""
    cut = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < 0.35
    """
    with contextlib.suppress(psycopg.Error), site.postgres.connect() as connection:
        connection.execute(cut)


def lose_leases(site: Site, _chance: random.Random) -> None:
    """As if every worker had been frozen for longer than its lease: a second copy may begin."""
    _execute(site, clock.LEASES_LOST)


def restart_mailbox(site: Site, chance: random.Random) -> None:
    """The mail server is gone for a moment; what it took, it has."""
    site.mailbox.kill()
    time.sleep(chance.uniform(0, 2))
    site.mailbox.start()


def lose_merchant(site: Site, chance: random.Random) -> None:
    """Its endpoint answers 503 for seconds."""
    site.merchant.go_away(chance.uniform(1, 4))


def end_the_day(site: Site, _chance: random.Random) -> None:
    """The business day is over early: its batches are closed while payments come in."""
    _execute(site, *clock.END_OF_DAY)


def let_notices_come(site: Site, _chance: random.Random) -> None:
    """Five minutes go by: whoever is to hear of a failure is written to now."""
    _execute(site, clock.NOTICES_DUE)


FAULTS: dict[str, tuple[Fault, int]] = {
    fault.__name__: (fault, weight)
    for fault, weight in (
        (kill_worker_alone, 3),
        (kill_horse_alone, 4),
        (kill_worker_and_horse, 3),
        (stop_worker_gently, 4),
        (kill_web, 2),
        (kill_web_process, 3),
        (kill_sweeper, 2),
        (flush_redis, 4),
        (restart_redis, 3),
        (freeze_redis, 3),
        (freeze_horses, 3),
        (freeze_web, 2),
        (freeze_stripe, 2),
        (restart_database, 2),
        (cut_connections, 5),
        (lose_leases, 4),
        (stripe.burst_at_stripe, 16),
        (stripe.outage_at_stripe, 2),
        (stripe.refused_key, 2),
        (stripe.hang_at_stripe, 1),
        (stripe.garble_webhooks, 3),
        (stripe.forge_webhooks, 3),
        (restart_mailbox, 2),
        (lose_merchant, 2),
        (end_the_day, 2),
        (let_notices_come, 3),
    )
}


def _execute(site: Site, *statements: str) -> None:
    with contextlib.suppress(psycopg.Error), site.database() as connection:
        for statement in statements:
            connection.execute(statement)


def _charger(site: Site, chance: random.Random) -> Process:
    return chance.choice(site.workers[:3])


def _wait_for_horse(site: Site, worker: Process) -> list[int]:
    """The horses of a worker, as soon as there is one; none after a while."""
    deadline = time.monotonic() + 1
    while not (horses := site.horses(worker)) and time.monotonic() < deadline:
        time.sleep(0.005)
    return horses


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _freeze(pids: list[int], seconds: float) -> None:
    """SIGSTOP, then SIGCONT: it keeps its connections and answers nobody meanwhile."""
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if number == signal.SIGSTOP:
            time.sleep(seconds)
