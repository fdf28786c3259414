"""What short_answers bounds is private to redis-py: where it is elsewhere, this fails."""

from __future__ import annotations

import contextlib
import socket
import threading
import tracemalloc
from collections.abc import Iterator

import pytest
from redis import Redis

from payments_app.core import redis_client
from payments_app.core.jobs.short_answers import MOST_BYTES, TooLongError, read_no_long_answers

LONG = 20 * MOST_BYTES


@pytest.fixture(params=["", "?protocol=2", "?protocol=3"])
def redis(settings: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Redis]:
    """As a worker's, of the protocol that redis-py chooses by itself, and of each."""
    client = redis_client.client(settings["REDIS_URL"] + request.param)
    yield read_no_long_answers(client)
    client.close()


def test_a_long_answer_ends_its_connection_and_the_next_one_reads(redis: Redis) -> None:
    with pytest.raises(TooLongError):
        redis.echo("x" * (MOST_BYTES + 1))
    assert len(redis.echo("x" * (MOST_BYTES // 2))) == MOST_BYTES // 2


def test_a_long_answer_within_others_is_not_read(redis: Redis) -> None:
    """As of a pipeline, and of a script."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.ping()
    pipeline.echo("x" * LONG)
    tracemalloc.start()
    with pytest.raises(TooLongError):
        redis.eval(f"return {{'a', {{string.rep('x', {LONG})}}}}", 0)
    assert tracemalloc.get_traced_memory()[1] < 5 * MOST_BYTES
    tracemalloc.stop()
    with pytest.raises(TooLongError):
        pipeline.execute()
    assert redis.ping()


@pytest.mark.parametrize("begin", [b"+", b"-", b"$", b":"])
def test_a_line_without_an_end_is_not_read(begin: bytes) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    answering = threading.Thread(target=_answer, args=(listening, begin))
    answering.start()
    port = listening.getsockname()[1]
    quiet = "?protocol=2"  # nothing is asked before
    client = redis_client.client(f"redis://127.0.0.1:{port}/0{quiet}", driver_info=None)
    tracemalloc.start()
    with pytest.raises(TooLongError):
        read_no_long_answers(client).ping()
    assert tracemalloc.get_traced_memory()[1] < 10 * MOST_BYTES
    tracemalloc.stop()
    client.close()
    answering.join(60)
    listening.close()


def _answer(listening: socket.socket, begin: bytes) -> None:
    taken, _ = listening.accept()
    with taken, contextlib.suppress(OSError):  # who is asked no more hangs up
        taken.recv(1000)
        taken.sendall(begin)
        for _ in range(100):
            taken.sendall(b"1" * (LONG // 100))
