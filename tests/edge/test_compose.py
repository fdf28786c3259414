"""compose.yaml gives nobody more than it needs: passwords, roles, networks."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from flask import Flask
from redis import AuthenticationError, Redis, RedisError
from redis.exceptions import NoPermissionError

from parts.app import REPOSITORY, Sweeper, Worker
from parts.install import MissingPart
from parts.ports import LOOPBACK, free_port
from parts.postgres import Postgres, libpq
from parts.process import Process, wait_until
from payments_app.core.extensions import db
from payments_app.ops import redis_state
from payments_app.payments.models import Transaction
from tests.config_at import config_at
from tests.payments.driver import PaymentDriver

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
APP = [name for name in SERVICES if name not in {"nginx", "postgres", "redis-jobs", "redis-cache"}]
PASSWORD = "q8Zr3vN0xKcT5yLm"


class ComposeRedis(Process):
    """A Redis as compose.yaml starts it, on a port and in a directory of the test's own."""

    def __init__(self, name: str, directory: Path) -> None:
        self.port = free_port()
        directory.mkdir()
        conf = (REPOSITORY / f"deploy/{name}.conf").read_text()
        (directory / "redis.conf").write_text(re.sub(r"^dir .*$", "", conf, flags=re.M))
        words = re.sub(r"\$\{\w+:\?\}", PASSWORD, SERVICES[name]["command"])
        words = words.replace("/etc/redis.conf", str(directory / "redis.conf"))
        command = shlex.split(words.replace("/data", str(directory)).replace(">", "'>'"))
        command[0] = shutil.which("redis-server") or _missing("redis-server")
        command[2:2] = ["--port", str(self.port)]
        super().__init__(name, command, directory / "log")

    def url(self, user: str = f"payments:{PASSWORD}@") -> str:
        return f"redis://{user}{LOOPBACK}:{self.port}/0"

    def is_ready(self) -> bool:
        try:
            return bool(Redis.from_url(self.url()).ping())
        except (OSError, RedisError):
            return False


def _missing(name: str) -> str:
    raise MissingPart(name)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[ComposeRedis]:
    with ComposeRedis("redis-jobs", tmp_path / "jobs") as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ComposeRedis]:
    with ComposeRedis("redis-cache", tmp_path / "cache") as server:
        yield server


@pytest.mark.parametrize("name", ["redis-jobs", "redis-cache"])
def test_redis_takes_nobody_without_a_password_and_lets_nobody_change_it(
    name: str, tmp_path: Path
) -> None:
    with ComposeRedis(name, tmp_path / "redis") as server:
        with pytest.raises(AuthenticationError):
            Redis.from_url(server.url("")).get("x")
        client = Redis.from_url(server.url())
        for words in (
            ("CONFIG", "SET", "dir", "/"),
            ("FLUSHALL",),
            ("MODULE", "LIST"),
            ("ACL", "LIST"),
        ):
            with pytest.raises(NoPermissionError):
                client.execute_command(*words)


class TestTheProductOnThem:
    @pytest.fixture
    def settings(
        self, settings: dict[str, str], jobs: ComposeRedis, cache: ComposeRedis
    ) -> dict[str, str]:
        return settings | {"REDIS_URL": jobs.url(), "CACHE_REDIS_URL": cache.url()}

    def test_pays(
        self, settings: dict[str, str], tmp_path: Path, app_context: None, app: Flask
    ) -> None:
        """What compose lets the app's user do is enough for it."""
        driver = PaymentDriver(app)
        with Sweeper(tmp_path, settings), Worker(tmp_path, settings, "charges"):
            transaction = driver.open()

            def paid() -> bool:
                db.session.rollback()
                return db.session.get_one(Transaction, transaction).state == "complete"

            assert wait_until(paid, 30)
        logged = (tmp_path / "worker-charges.log").read_text()
        assert "NOPERM" not in logged
        assert "permission" not in logged
        states = redis_state.inspect(config_at(None, settings))
        assert [problem for state in states for problem in state.problems()] == []


def test_the_database_s_roles_are_no_superusers() -> None:
    with Postgres() as server:
        url = server.url()
        access = libpq(url)
        with psycopg.connect(access, autocommit=True) as connection:
            connection.execute("CREATE DATABASE payments")
            user = connection.execute("SELECT current_user").fetchone()
        assert user is not None
        parts = psycopg.conninfo.conninfo_to_dict(access)
        env = {
            **os.environ,
            "PGHOST": str(parts["host"]),
            "PGPORT": str(parts.get("port", "")),
            "POSTGRES_USER": user[0],
            "POSTGRES_DB": "payments",
            "ROLES_SQL": str(REPOSITORY / "deploy/roles.sql"),
            "OWNER_PASSWORD": secrets.token_hex(16),
            "APP_PASSWORD": secrets.token_hex(16),
        }
        subprocess.run(["sh", REPOSITORY / "deploy/compose-roles.sh"], env=env, check=True)
        with psycopg.connect(access) as connection:
            rows = connection.execute(
                "SELECT rolname, rolsuper, rolcreatedb, rolpassword <> '' FROM pg_authid"
                " WHERE rolname IN ('payments_app', 'payments_owner') ORDER BY 1"
            ).fetchall()
    assert rows == [
        ("payments_app", False, False, True),
        ("payments_owner", False, False, True),
    ]


def test_the_app_runs_as_the_role_that_changes_no_table() -> None:
    for name in APP:
        role = "payments_owner" if name == "migrate" else "payments_app"
        assert f"//{role}:$" in SERVICES[name]["environment"]["DATABASE_URL"], name


def test_nobody_is_on_a_network_that_they_have_no_business_with() -> None:
    assert SERVICES["nginx"]["networks"] == ["edge"]
    assert SERVICES["postgres"]["networks"] == ["database"]
    assert SERVICES["redis-jobs"]["networks"] == ["jobs"]
    assert SERVICES["redis-cache"]["networks"] == ["cache"]
    assert SERVICES["migrate"]["networks"] == ["database"]
    closed = {name for name, how in COMPOSE["networks"].items() if (how or {}).get("internal")}
    assert closed == {"database", "jobs", "cache"}


def test_visitors_with_an_ipv6_address_keep_it_where_ports_are_published() -> None:
    published = [service for service in SERVICES.values() if "ports" in service]
    networks = {name for service in published for name in service["networks"]}
    assert networks
    for name in networks:
        network = COMPOSE["networks"][name] or {}
        assert network.get("enable_ipv6") is True
        subnets = [ip_network(each["subnet"]) for each in network["ipam"]["config"]]
        assert [subnet.is_private for subnet in subnets if subnet.version == 6] == [True]


def test_the_app_is_told_no_password_but_those_in_its_addresses() -> None:
    """`.env` is read whole by each of its containers, and holds those of the database's owner."""
    words = (REPOSITORY / "compose.yaml").read_text()
    passwords = set(re.findall(r"\$\{(\w+PASSWORD):\?\}", words))
    assert len(passwords) == 5
    for name in APP:
        told = SERVICES[name]["environment"]
        assert {told.get(password) for password in passwords} == {""}, name
