"""Whoever can write to the Redis for jobs makes a worker do nothing but look for what is due."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pickle
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis, RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import DefaultSerializer, JSONSerializer
from sqlalchemy import select

from parts.app import Worker
from parts.process import wait_until
from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs import wake_up
from payments_app.core.jobs.queue_worker import QueueWorker
from payments_app.core.jobs.wake_up import RUN_DUE_MESSAGES
from payments_app.core.jobs.wake_up_job import WakeUpJob
from payments_app.core.jobs.worker import QueueProcess
from payments_app.payments.models import Transaction
from tests.payments.driver import PaymentDriver

QUEUE = "charges"
Attack = Callable[[Redis], None]


@pytest.fixture
def redis(settings: dict[str, str]) -> Redis:
    return Redis.from_url(settings["REDIS_URL"])


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


def put(redis: Redis, function: str, *args: Any, serializer: Any = None, **more: Any) -> Job:
    queue = Queue(QUEUE, connection=redis, serializer=serializer or JSONSerializer)
    return queue.enqueue_call(function, args=args, **more)


def by_callback(redis: Redis, mark: Path) -> None:
    """A wake-up of ours, but for what RQ is to call after it."""
    job = put(redis, RUN_DUE_MESSAGES, QUEUE)
    for name in ("success", "failure", "stopped"):
        redis.hset(job.key, f"{name}_callback_name", "os.system")
    redis.hset(job.key, "webhooks", json.dumps([{"url": f"file://{mark}"}]))


def by_instance(redis: Redis, mark: Path) -> None:
    job = put(redis, RUN_DUE_MESSAGES, QUEUE)
    redis.hset(job.key, "data", json.dumps(["format", "{}", [f"touch {mark}"], {}]))


def by_pickle(redis: Redis, mark: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            import os

            return os.system, (f"touch {mark}",)

    job = put(redis, RUN_DUE_MESSAGES, QUEUE, serializer=DefaultSerializer)
    redis.hset(job.key, "data", pickle.dumps(Bomb()))


def by_function(redis: Redis, mark: Path) -> None:
    put(redis, "os.system", f"touch {mark}")


def by_arguments(redis: Redis, mark: Path) -> None:
    put(redis, RUN_DUE_MESSAGES, QUEUE, kwargs={"threads": 10_000})


def by_another_queue(redis: Redis, mark: Path) -> None:
    """A wake-up, but of a queue that is not this worker's."""
    job = put(redis, RUN_DUE_MESSAGES, "webhooks")
    redis.hset(job.key, "origin", "webhooks")


def by_words(redis: Redis, mark: Path) -> None:
    """What it says of its queue is for people to read, and would be an alert for each."""
    job = put(redis, "os.system", f"touch {mark}")
    redis.hset(job.key, "origin", "pay at evil.example now")


ATTACKS = [by_function, by_pickle, by_instance, by_arguments, by_another_queue, by_words]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_job_that_is_not_ours_is_not_performed_and_raises_an_alert(
    app: Flask, redis: Redis, tmp_path: Path, attack: Callable[[Redis, Path], None]
) -> None:
    mark = tmp_path / "mark"
    attack(redis, mark)
    with app.app_context():
        work(redis)
        alerts = db.session.scalars(select(Alert).where(Alert.kind == "refused_job")).all()
    assert not mark.exists()
    assert [(alert.severity, alert.key) for alert in alerts] == [
        ("critical", f"refused_job:{QUEUE}")
    ]


def test_nothing_is_called_after_a_wake_up(
    app: Flask, redis: Redis, driver: PaymentDriver, tmp_path: Path
) -> None:
    transaction = driver.open()
    redis.flushdb()
    by_callback(redis, tmp_path / "mark")
    work(redis)
    db.session.rollback()
    assert db.session.get_one(Transaction, transaction).state == "complete"
    for key in redis.scan_iter("rq:job:*"):
        job = WakeUpJob.fetch(key.decode().rpartition(":")[2], redis, JSONSerializer)
        assert (job.success_callback, job.failure_callback, job.webhooks) == (None, None, [])


def test_data_longer_than_a_wake_up_s_is_not_unpacked(app: Flask, redis: Redis) -> None:
    job = put(redis, RUN_DUE_MESSAGES, QUEUE)
    redis.hset(job.key, "data", zlib.compress(b" " * 50_000_000))
    assert len(WakeUpJob.fetch(job.id, redis, JSONSerializer).data) < 1000


def test_nothing_else_of_a_job_is_unpacked_or_read(app: Flask, redis: Redis) -> None:
    job = put(redis, RUN_DUE_MESSAGES, QUEUE)
    long = zlib.compress(b" " * 50_000_000)
    redis.hset(job.key, mapping={"exc_info": long, "meta": '{"a": 1}', "result": "[1]"})
    redis.hset(job.key, mapping={"rate_limit_key": "all", "rate_limit_concurrency": 0})
    tracemalloc.start()
    found = WakeUpJob.fetch(job.id, redis, JSONSerializer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert (found.meta, found.rate_limit_key) == ({}, None)


@pytest.mark.parametrize("field", ["data", "description", "worker_name", "exc_info", "whatever"])
def test_of_a_long_field_the_beginning_is_read(app: Flask, redis: Redis, field: str) -> None:
    """By values as large as Redis takes workers ended for want of memory."""
    job = put(redis, RUN_DUE_MESSAGES, QUEUE)
    redis.hset(job.key, field, b"x" * 20_000_000)
    tracemalloc.start()
    found = WakeUpJob.fetch(job.id, redis, JSONSerializer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert found.origin == QUEUE


def an_id_in_the_queue(redis: Redis) -> None:
    redis.rpush(f"rq:queue:{QUEUE}", b"x" * 20_000_000)


def many_ids_in_a_registry(redis: Redis) -> None:
    for number in range(0, 200_000, 10_000):
        redis.zadd(f"rq:wip:{QUEUE}", {f"job-{number + place}": 1 for place in range(10_000)})


def an_id_of_a_dependent(redis: Redis) -> None:
    job = put(redis, RUN_DUE_MESSAGES, QUEUE)
    redis.sadd(f"{job.key}:dependents", b"x" * 20_000_000)


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize(
    "attack", [an_id_in_the_queue, many_ids_in_a_registry, an_id_of_a_dependent]
)
def test_an_answer_as_long_as_redis_takes_is_not_read(
    app: Flask, redis: Redis, driver: PaymentDriver, attack: Attack, protocol: int
) -> None:
    """By such workers ended for want of memory, or were busy with a registry for minutes."""
    attack(redis)
    config = app.config["CONFIG"]
    url = f"{config.redis_url}?protocol={protocol}"
    app.config["CONFIG"] = dataclasses.replace(config, redis_url=url)
    tracemalloc.start()
    listen(app)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000
    transaction = driver.open()
    listen(app)
    db.session.rollback()
    assert db.session.get_one(Transaction, transaction).state == "complete"


def listen(app: Flask) -> None:
    """As a worker's process does, which connects anew where Redis fails."""
    for _ in range(2):
        with contextlib.suppress(RedisError):
            QueueProcess(app, QUEUE)._connect().work(burst=True, logging_level="CRITICAL")


def test_a_worker_s_process_refuses_as_well(
    settings: dict[str, str], redis: Redis, tmp_path: Path, app_context: None
) -> None:
    mark = tmp_path / "mark"
    with Worker(tmp_path, settings, QUEUE):
        by_function(redis, mark)

        def told() -> bool:
            db.session.rollback()
            return (
                db.session.scalar(select(Alert.id).where(Alert.kind == "refused_job")) is not None
            )

        assert wait_until(told, 20)
    assert not mark.exists()


def test_what_we_send_is_performed(app: Flask, redis: Redis, driver: PaymentDriver) -> None:
    transaction = driver.open()
    assert wake_up.wake(QUEUE)
    work(redis)
    db.session.rollback()
    assert db.session.get_one(Transaction, transaction).state == "complete"


def work(redis: Redis) -> None:
    worker = QueueWorker([QUEUE], connection=redis, job_class=WakeUpJob, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="CRITICAL")
