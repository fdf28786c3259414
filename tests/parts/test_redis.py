from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from parts.redis import Redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    with Redis(tmp_path / "redis", append_only=True) as server:
        yield server


def test_a_frozen_server_answers_nobody(server: Redis) -> None:
    server.freeze()
    assert not server.is_ready()


def test_a_frozen_server_continues_with_its_data(server: Redis) -> None:
    with server.client() as client:
        client.set("job", "kept")
        server.freeze()
        server.resume()
        assert client.get("job") == b"kept"


def test_an_append_only_server_keeps_its_data_when_it_is_killed(server: Redis) -> None:
    with server.client() as client:
        client.set("job", "kept")
    server.kill()
    server.start()
    with server.client() as client:
        assert client.get("job") == b"kept"


def test_a_full_server_for_jobs_refuses_rather_than_evicts(tmp_path: Path) -> None:
    less_than_it_needs = "512kb"
    with (
        Redis(tmp_path / "full", max_memory=less_than_it_needs) as server,
        server.client() as client,
        pytest.raises(redis.exceptions.OutOfMemoryError),
    ):
        client.set("job", "refused")
