"""A release behind the real nginx, made once for the module that asks."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from parts.app import REPOSITORY
from parts.nginx import Nginx
from parts.postgres import create_database
from parts.release import Served, make_release
from parts.schema import TEMPLATE
from parts.settings import private_settings
from tests.edge.small_web import SOON, SmallWeb
from tests.edge.visitor import Visitor


@pytest.fixture(scope="module")
def edge_settings(
    postgres_url: str,
    postgres_database: str,
    redis_url: str,
    sandbox_url: str,
    worker_number: int,
    request: pytest.FixtureRequest,
) -> dict[str, str]:
    """A database of the module's own: its site runs while other tests empty theirs."""
    # A module may be set up again: xdist hands its tests from one process to another.
    module = request.module.__name__.rpartition(".")[2]
    own = postgres_database.rpartition("/")[2]
    name = f"{own}_{module}_{secrets.token_hex(4)}"
    template = os.environ.get("TEST_POSTGRES_TEMPLATE") or TEMPLATE
    redis = redis_url.rpartition("/")[0]
    return private_settings(
        database_url=create_database(postgres_url, name, template),
        redis_url=f"{redis}/{63 - 2 * worker_number}",
        cache_redis_url=f"{redis}/{62 - 2 * worker_number}",
        sandbox_url=sandbox_url,
    ) | {
        "PUBLIC_URL": "https://localhost",
        "PROXY_HOPS": "1",
        "GUNICORN_CMD_ARGS": "--access-logfile -",  # as somebody may switch it on
    }


@pytest.fixture(scope="module")
def shop(edge_settings: dict[str, str]) -> None:
    """Something for sale, so that a form can be asked for."""
    command = [sys.executable, "-m", "flask", "--app", "demo.app", "demo", "seed"]
    subprocess.run(
        command, env=os.environ | edge_settings, cwd=REPOSITORY, check=True, capture_output=True
    )


@pytest.fixture(scope="module")
def release(edge_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_release(tmp_path_factory.mktemp("edge") / "release", edge_settings)


@pytest.fixture(scope="module")
def served(release: Path, edge_settings: dict[str, str]) -> Iterator[Served]:
    with Served(release, edge_settings, release.parent / "web.log") as web:
        yield web


@pytest.fixture(scope="module")
def nginx(release: Path, served: Served) -> Iterator[Nginx]:
    with Nginx(release.parent / "nginx", release, served.port) as server:
        yield server


@pytest.fixture
def visitor(nginx: Nginx) -> Visitor:
    return Visitor(nginx)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[SmallWeb]:
    server = SmallWeb(tmp_path)
    try:
        yield server.start(within=SOON)
    finally:
        server.end_all()
        server.kill()
