"""The faults, each a function of the site that strikes for real: signals, lost data, lost answers.

One that lasts ends itself before it returns.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Sequence

import psycopg
import redis

from chaos import clock
from chaos import faults_at_stripe as stripe
from chaos.site import Site
from parts.process import wait_until

Fault = Callable[[Site, random.Random], None]


def kill_worker(site: Site, chance: random.Random) -> None:
    """Whatever its queue."""
    _kill_one(site.queue_processes(), chance)


def kill_charging(site: Site, chance: random.Random) -> None:
    """In the middle of charges."""
    _wait_for_charges(site)
    _kill_one(site.queue_processes("charges"), chance)


def kill_parent(site: Site, _chance: random.Random) -> None:
    """Its children end by themselves, while the next one's begin."""
    _kill(site.workers[0].pid)


def stop_worker_gently(site: Site, chance: random.Random) -> None:
    """As a deploy does, in the middle of charges."""
    _wait_for_charges(site)
    _signal_one(site.queue_processes(), chance, signal.SIGTERM)


def kill_web(site: Site, _chance: random.Random) -> None:
    site.web.kill()


def kill_web_process(site: Site, chance: random.Random) -> None:
    """One of gunicorn's own; the others serve on."""
    _kill_one(site.web_processes(), chance)


def kill_sweeper(site: Site, chance: random.Random) -> None:
    _kill_one(site.queue_processes("sweeper"), chance)


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


def freeze_charging(site: Site, chance: random.Random) -> None:
    _wait_for_charges(site)
    _freeze(site.queue_processes("charges")[:1], chance.uniform(0.5, 3))


def freeze_web(site: Site, chance: random.Random) -> None:
    _freeze(site.web_processes(), chance.uniform(0.5, 2))


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
        (kill_worker, 3),
        (kill_charging, 5),
        (kill_parent, 2),
        (stop_worker_gently, 4),
        (kill_web, 2),
        (kill_web_process, 3),
        (kill_sweeper, 2),
        (flush_redis, 4),
        (restart_redis, 3),
        (freeze_redis, 3),
        (freeze_charging, 3),
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


def _wait_for_charges(site: Site) -> None:
    """Until some run, if they do within a second."""

    def run() -> bool:
        with contextlib.suppress(psycopg.Error), site.database() as connection:
            return connection.execute(clock.CHARGES_RUNNING).fetchone() is not None
        return False

    wait_until(run, 1)


def _kill_one(pids: Sequence[int], chance: random.Random) -> None:
    _signal_one(pids, chance, signal.SIGKILL)


def _signal_one(pids: Sequence[int], chance: random.Random, number: signal.Signals) -> None:
    if pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(pids), number)


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
