"""Real parts for every test: a database, Redis and a Stripe account of its own.

`make test` starts the servers once and names them in TEST_* variables; plain `pytest tests/...`
starts what is not named. TEST_DATABASE chooses `postgresql` (the default) or `sqlite`.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, sync_playwright
from redis import Redis as RedisClient

from parts.app import Sweeper, Web, Worker
from parts.chromium import ARGUMENTS, find_chromium
from parts.postgres import Postgres, create_database
from parts.process import running
from parts.redis import Redis
from parts.sandbox import Sandbox
from parts.schema import postgres_template, sqlite_template
from parts.settings import private_settings
from tests.config_at import config_at
from tests.made_once import keep, let_go
from tests.order import in_order
from tests.own_database import OwnDatabase, PostgresDatabase, SqliteDatabase
from tests.stripe_types.judge import Judge
from tests.whole_templates import use_whole_templates

pytest_plugins = ["tests.open_shop", "tests.contract.plugin"]

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient, FlaskCliRunner


def pytest_collection_finish() -> None:
    """What is imported stays: the collector of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Once those are left out that are not to run."""
    processes = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    items[:] = in_order(items, processes)


@pytest.fixture(scope="session")
def database_kind() -> str:
    return os.environ.get("TEST_DATABASE", "postgresql")


@pytest.fixture(scope="session")
def worker_number(worker_id: str) -> int:
    """Of this process among those that share the tests."""
    return int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    with Postgres() as server:
        yield server.url()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of the server, database 0."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    with Redis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url()


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if url := os.environ.get("TEST_SANDBOX_URL"):
        yield url
        return
    with Sandbox(tmp_path_factory.mktemp("sandbox"), keep=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def migrated(postgres_url: str) -> str:
    """The name of a migrated, empty database to copy."""
    return os.environ.get("TEST_POSTGRES_TEMPLATE") or postgres_template(postgres_url)


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str, worker_number: int, migrated: str) -> str:
    """This process's own migrated database."""
    return create_database(postgres_url, f"test_{worker_number}_{os.getpid()}", migrated)


@pytest.fixture(scope="session")
def own_database(
    database_kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnDatabase]:
    if database_kind == "sqlite":
        directory = tmp_path_factory.mktemp("sqlite")
        named = os.environ.get("TEST_SQLITE_TEMPLATE")
        template = Path(named) if named else sqlite_template(directory)
        yield SqliteDatabase(template, directory)
    else:
        database = PostgresDatabase(request.getfixturevalue("postgres_database"))
        yield database
        database.close()


@pytest.fixture
def database_url(own_database: OwnDatabase, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database in which nothing lies but the bystanders' rows.

    After the test they are as they were, and no message has failed of which the test did not say
    so. A test that counts all there is in a table is `alone`.
    """
    alone = request.node.get_closest_marker("alone") is not None
    own_database.reset(bystanders=not alone)
    yield own_database.url
    expected = [mark.args for mark in request.node.iter_markers("expects_failure")]
    if complaints := own_database.complaints(expected, bystanders=not alone):
        pytest.fail("; ".join(complaints), pytrace=False)


@pytest.fixture(scope="session")
def redis_clients(redis_url: str, worker_number: int) -> Iterator[dict[str, RedisClient]]:
    """By their URLs: for jobs and for the cache."""
    base = redis_url.rpartition("/")[0]
    urls = [f"{base}/{2 * worker_number + which}" for which in (0, 1)]
    with contextlib.ExitStack() as open_:
        yield {url: open_.enter_context(RedisClient.from_url(url)) for url in urls}


@pytest.fixture
def redis_urls(redis_clients: dict[str, RedisClient]) -> tuple[str, str]:
    """For jobs and for the cache: two empty databases of this process's own."""
    jobs, cache = redis_clients
    for client in redis_clients.values():
        client.flushdb()
    return jobs, cache


@pytest.fixture
def settings(
    database_url: str, redis_urls: tuple[str, str], sandbox_url: str, tmp_path: Path
) -> dict[str, str]:
    """The app's environment. A test that wants another setting changes it before it asks for `app`
    or overrides this fixture."""
    jobs, cache = redis_urls
    return private_settings(
        database_url=database_url, redis_url=jobs, cache_redis_url=cache, sandbox_url=sandbox_url
    ) | {"DATA_DIR": str(tmp_path)}


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Each test has an app of its own; a template is compiled once."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Argon2id as ever, without its price: a thousand members sign in here."""
    from argon2 import PasswordHasher

    from payments_app.accounts import passwords

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
        yield


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """Of everything that this process sends to Stripe."""
    judge, patch = Judge(), pytest.MonkeyPatch()
    judge.watch(patch)
    yield judge
    patch.undo()


@pytest.fixture(autouse=True)
def judged(judge: Judge, request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test sends to Stripe is what Stripe's own library says that it takes."""
    yield
    wrong = judge.wrong()
    if wrong and request.node.get_closest_marker("wrong_parameters") is None:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        keep(patch)
        yield


@pytest.fixture
def public_url() -> str | None:
    """Another address than the settings': a stand-in for Stripe is refused beside a public one."""
    return None


@pytest.fixture
def app(
    settings: dict[str, str], public_url: str | None, compiled_templates: FileSystemBytecodeCache
) -> Iterator[Flask]:
    """The app as it runs in production: CSRF protection on, errors answered rather than raised."""
    from payments_app import create_app

    app = create_app(config_at(public_url, settings))
    app.jinja_env.bytecode_cache = compiled_templates
    use_whole_templates(app.jinja_env)
    yield app
    with app.app_context():
        for engine in app.extensions["sqlalchemy"].engines.values():
            let_go(engine)


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """For a test that calls service functions and queries. Requests have contexts of their own."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    from demo.commands import prepare

    prepare(app)
    return app.test_cli_runner()


@pytest.fixture
def queues() -> tuple[str, ...]:
    """The queues that `site` starts a worker for. A module that needs more overrides it."""
    return ("charges",)


@pytest.fixture
def site(settings: dict[str, str], queues: tuple[str, ...], tmp_path: Path) -> Iterator[Web]:
    """The whole product as processes: web, sweeper and a worker for each of `queues`."""
    workers = [Worker(tmp_path, settings, queue) for queue in queues]
    web = Web(tmp_path, settings)
    with running(*workers, Sweeper(tmp_path, settings), web):
        yield web


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()
