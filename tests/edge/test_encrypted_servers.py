"""PostgreSQL and both Redis over TLS, Redis with a user of its own, and Redis behind Sentinel."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin
from uuid import uuid4

import pytest
import requests
from redis import Redis as RedisClient
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text

from parts.app import Web
from parts.nginx import make_certificate
from parts.ports import free_port
from parts.postgres import Postgres, create_database, unprivileged_user
from parts.process import Process, wait_until
from parts.redis import Redis, find_server
from parts.schema import migrate
from payments_app import create_app
from payments_app.config import Config
from payments_app.core import redis_client
from payments_app.core.extensions import db
from payments_app.ops import redis_state

REDIS_TLS = {"tls-auth-clients": "no"}
# As deploy/redis-jobs.conf and deploy/redis-cache.conf say it.
USER = "on >secret ~* &* +@all -@admin -@dangerous +info +keys"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "tls")


@pytest.fixture
def encrypted_redis(tmp_path: Path, certificate: Path) -> Iterator[str]:
    """The address of a Redis that answers over TLS alone."""
    port = free_port()
    more = REDIS_TLS | {
        "tls-port": str(port),
        "tls-cert-file": str(certificate),
        "tls-key-file": str(certificate.with_name("privkey.pem")),
        "tls-ca-cert-file": str(certificate),
    }
    with Redis(tmp_path, append_only=True, more=more):
        yield f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}"


def test_postgresql_is_reached_over_tls(
    settings: dict[str, str], tmp_path: Path, certificate: Path
) -> None:
    keys = Path("/dev/shm") / f"keys-{tmp_path.name}"
    shutil.copytree(certificate.parent, keys)
    (keys / "privkey.pem").chmod(0o600)
    if user := unprivileged_user():
        subprocess.run(["chown", "-R", user, keys], check=True)
    tls = {
        "ssl": "on",
        "ssl_cert_file": keys / certificate.name,
        "ssl_key_file": keys / "privkey.pem",
    }
    try:
        with Postgres(more=tls) as server:
            url = create_database(server.url(), "payments")
            migrate(url)
            verified = url.replace("127.0.0.1", "localhost")
            verified += f"?sslmode=verify-full&sslrootcert={certificate}"
            app = create_app(Config.from_env(settings | {"DATABASE_URL": verified}))
            with app.app_context():
                asked = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                assert db.session.execute(asked).scalar_one() is True
                db.session.remove()
                db.engine.dispose()
    finally:
        shutil.rmtree(keys)


def test_both_redis_are_reached_over_tls(settings: dict[str, str], encrypted_redis: str) -> None:
    cache = encrypted_redis.replace("/0?", "/1?")
    encrypted = settings | {"REDIS_URL": encrypted_redis, "CACHE_REDIS_URL": cache}
    states = redis_state.inspect(Config.from_env(encrypted))
    assert [state.up for state in states] == [True, True]


def test_a_redis_whose_certificate_nobody_signed_is_not_believed(encrypted_redis: str) -> None:
    url = encrypted_redis.partition("?")[0]
    with pytest.raises(RedisConnectionError, match=r"(?i)certificate"):
        RedisClient.from_url(url).ping()


class TestWithUsersOfTheirOwn:
    """As the commented lines of deploy/redis-*.conf have it."""

    @pytest.fixture
    def settings(self, settings: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
        (tmp_path / "jobs").mkdir()
        (tmp_path / "cache").mkdir()
        more = {"user": f"payments {USER}"}
        with (
            Redis(tmp_path / "jobs", append_only=True) as jobs,
            Redis(tmp_path / "cache", policy="allkeys-lru") as cache,
        ):
            for server in (jobs, cache):
                client = server.client()
                client.execute_command("ACL", "SETUSER", *more["user"].split())
                client.execute_command("ACL", "SETUSER", "default", "off")
            yield settings | {
                "REDIS_URL": jobs.url().replace("//", "//payments:secret@"),
                "CACHE_REDIS_URL": cache.url().replace("//", "//payments:secret@"),
            }

    def test_a_payment_is_begun_by_a_job(self, site: Web, settings: dict[str, str]) -> None:
        assert pay(site, settings) == "complete"
        begun = 'charge_started_total{by="job"}'  # counted up to a second later
        assert wait_until(lambda: metric(site, begun) == 1, 30)
        assert metric(site, 'redis_well_set_up{role="jobs"}') == 1


class TestBehindSentinel:
    """A master and its replica, and the sentinel that watches them."""

    @pytest.fixture
    def servers(self, tmp_path: Path) -> Iterator[tuple[Redis, Redis]]:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
        with Redis(tmp_path / "one", append_only=True) as one:
            follows = {"replicaof": f"127.0.0.1 {one.port}"}
            with Redis(tmp_path / "two", append_only=True, more=follows) as two:
                yield one, two

    @pytest.fixture
    def sentinel(self, servers: tuple[Redis, Redis], tmp_path: Path) -> Iterator[int]:
        """Its port."""
        port, file = free_port(), tmp_path / "sentinel.conf"
        file.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n"
            f"sentinel monitor jobs 127.0.0.1 {servers[0].port} 1\n"
            "sentinel down-after-milliseconds jobs 500\nsentinel failover-timeout jobs 2000\n"
        )
        command = [find_server(), file, "--sentinel"]
        process = Process("Sentinel", command, tmp_path / "sentinel.log", cwd=tmp_path)
        process.launch()
        client = RedisClient(port=port)
        assert wait_until(lambda: _knows_replica(client), 30)
        yield port
        process.stop()

    @pytest.fixture
    def settings(self, settings: dict[str, str], sentinel: int) -> dict[str, str]:
        return settings | {"REDIS_URL": f"sentinel://127.0.0.1:{sentinel}/jobs/0"}

    def test_the_master_is_asked_for_and_the_next_one_after_it(
        self, servers: tuple[Redis, Redis], site: Web, settings: dict[str, str]
    ) -> None:
        one, two = servers
        assert pay(site, settings) == "complete"
        one.kill()
        client = redis_client.fail_fast(settings["REDIS_URL"])
        assert wait_until(lambda: _writes(client), 60)
        assert two.client().info("replication")["role"] == "master"
        before = metric(site, 'charge_started_total{by="job"}') or 0
        assert wait_until(lambda: _pays_by_job(site, settings, before), 60)


def _knows_replica(sentinel: RedisClient) -> bool:
    try:
        return len(sentinel.execute_command("SENTINEL", "REPLICAS", "jobs")) == 1
    except OSError:
        return False
    except Exception:
        return False


def _writes(client: RedisClient) -> bool:
    try:
        return bool(client.set("written", 1))
    except Exception:
        return False


def _pays_by_job(site: Web, settings: dict[str, str], before: float) -> bool:
    return pay(site, settings) == "complete" and (
        (metric(site, 'charge_started_total{by="job"}') or 0) > before
    )


def pay(site: Web, settings: dict[str, str]) -> str:
    """The state of a payment that a program made, once it has ended."""
    from demo.products import add_demo_products

    app = create_app(Config.from_env(settings))
    with app.app_context():
        add_demo_products()
        db.session.remove()
    answer = requests.post(
        f"{site.url}/transactions",
        json={"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"},
        headers={"Idempotency-Key": str(uuid4())},
        timeout=10,
    )
    answer.raise_for_status()
    shown, state = urljoin(site.url, answer.headers["Location"]), ["pending"]

    def ended() -> bool:
        state.append(requests.get(shown, timeout=10).json()["state"])
        return state[-1] != "pending"

    wait_until(ended, 30)
    return state[-1]


def metric(site: Web, sample: str) -> float | None:
    told = requests.get(f"{site.url}/metrics", timeout=10).text
    return next(
        (float(line.split()[-1]) for line in told.splitlines() if line.startswith(f"{sample} ")),
        None,
    )
