"""The faults, each a function of the site that strikes for real: signals, lost data, lost answers.

One that lasts ends itself before it returns.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import psycopg
import redis
import requests

from chaos.site import Site
from parts.process import Process

Fault = Callable[[Site, random.Random], None]

_STRIPE_BURSTS = (
    "slow",
    "rate_limit",
    "lock_timeout",
    "409_in_flight",
    "500_before",
    "500_after",
    "drop_before",
    "drop_after",
    "truncate",
    "html_200",
    "html_502",
)
_PATHS = (r"/v1/payment_intents$", r"/confirm$", r"/v1/payment_intents")


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
    """Every bell and every counter is gone."""
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
    lose = """
        UPDATE outbox SET leased_until = clock_timestamp()
        WHERE leased_until > clock_timestamp() AND claims < 3
    """
    with contextlib.suppress(psycopg.Error), _database(site) as connection:
        connection.execute(lose)


def burst_at_stripe(site: Site, chance: random.Random) -> None:
    """One kind of fault strikes some calls of one kind."""
    _script(
        site,
        {
            "fault": chance.choice(_STRIPE_BURSTS),
            "match": {"path": chance.choice(_PATHS)},
            "times": chance.randint(2, 8),
            "probability": 0.5,
            "seed": chance.randrange(1 << 30),
            "ms": 700,
        },
    )


def outage_at_stripe(site: Site, chance: random.Random) -> None:
    """No call comes through for seconds: the breaker opens."""
    _script(site, {"fault": chance.choice(("drop_before", "html_502")), "times": None})
    time.sleep(chance.uniform(1, 4))
    mend_stripe(site)


def refused_key(site: Site, chance: random.Random) -> None:
    """Stripe refuses our key for a few calls."""
    _script(site, {"fault": chance.choice(("unauthorized", "forbidden")), "times": 2})


def hang_at_stripe(site: Site, _chance: random.Random) -> None:
    """An answer that comes after we stopped waiting for it."""
    _script(site, {"fault": "hang", "match": {"path": r"/confirm$"}, "times": 1, "ms": 21_000})


def garble_webhooks(site: Site, chance: random.Random) -> None:
    """From now on events are lost, doubled and shuffled in another way."""
    script = {
        "drop": chance.choice((0, 0.3, 0.6)),
        "duplicate": chance.choice((0, 1, 4)),
        "shuffle": chance.random() < 0.7,
        "delay_ms": [0, chance.choice((0, 1500))],
        "seed": chance.randrange(1 << 30),
    }
    site.ask_stripe("POST", "/_sandbox/webhook_faults", script)


def forge_webhooks(site: Site, chance: random.Random) -> None:
    """Events that claim success for whatever is open, with a signature of somebody else's."""
    listed: Any = site.ask_stripe("GET", "/v1/payment_intents?limit=20")["data"]
    for intent in listed:
        event = {
            "id": f"evt_forged_{chance.randrange(1 << 40)}",
            "object": "event",
            "type": "payment_intent.succeeded",
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {**intent, "status": "succeeded"}},
        }
        headers = {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}"}
        with contextlib.suppress(requests.RequestException):
            requests.post(
                f"{site.url}/webhooks/stripe", json.dumps(event), headers=headers, timeout=(3, 10)
            )


def mend_stripe(site: Site) -> None:
    """Stripe answers again; what the rules struck is counted before they go."""
    rules: Any = site.ask_stripe("GET", "/_sandbox/faults")["rules"]
    for rule in rules:
        site.spoiled[rule["fault"]] += rule["struck"]
    site.ask_stripe("DELETE", "/_sandbox/faults")


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
        (burst_at_stripe, 16),
        (outage_at_stripe, 2),
        (refused_key, 2),
        (hang_at_stripe, 1),
        (garble_webhooks, 3),
        (forge_webhooks, 3),
    )
}


def _script(site: Site, rule: dict[str, Any]) -> None:
    site.ask_stripe("POST", "/_sandbox/faults", rule)


def _database(site: Site) -> psycopg.Connection:
    return site.postgres.connect(site.database_url.rpartition("/")[2])


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
