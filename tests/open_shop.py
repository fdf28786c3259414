"""A site that runs for the whole session, for the tests that need a browser."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext

from parts.app import REPOSITORY, Sweeper, Web, Worker
from parts.ports import LOOPBACK, free_port
from parts.postgres import create_database
from parts.settings import private_settings

# Whatever a shop may tell of itself: each page and each mail says it.
SHOP = {
    "SHOP_CONTACT": "hello@corner-shop.example",
    "SHOP_TERMS_URL": "https://corner-shop.example/terms",
    "SHOP_REFUND_POLICY_URL": "https://corner-shop.example/refunds",
    "SHOP_ADDRESS": "12 Market Street | Bristol BS1 4ST | United Kingdom",
    "SHOP_TAX_ID": "GB 123 4567 89",
}
# `make pictures BRAND_COLOR="#ffd400" SHOP_LOGO=...`; any other run shows the shop as it is.
LOOK = {
    name: os.environ[name]
    for name in ("SHOP_LOGO", "BRAND_COLOR")
    if os.environ.get("PICTURES") and os.environ.get(name)
}


@pytest.fixture(scope="session")
def open_shop(
    postgres_url: str,
    redis_url: str,
    sandbox_url: str,
    worker_number: int,
    migrated: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Web]:
    """The whole product with the demo's products, started once: on a database and two Redis
    databases of its own, since the other tests empty theirs."""
    name = f"browser_{worker_number}_{secrets.token_hex(6)}"
    database = create_database(postgres_url, name, migrated)
    base, first, port = redis_url.rpartition("/")[0], 32 + 2 * worker_number, free_port()
    directory = tmp_path_factory.mktemp("shop")
    settings = (
        private_settings(
            database_url=database,
            redis_url=f"{base}/{first}",
            cache_redis_url=f"{base}/{first + 1}",
            sandbox_url=sandbox_url,
        )
        | {"DATA_DIR": str(directory), "PUBLIC_URL": f"http://{LOOPBACK}:{port}"}
        | SHOP
        | LOOK
    )
    seed = [sys.executable, "-m", "flask", "--app", "demo.app", "demo", "seed"]
    subprocess.run(seed, env=os.environ | settings, cwd=REPOSITORY, check=True, capture_output=True)
    with ExitStack() as running:
        running.enter_context(Worker(directory, settings, "charges"))
        running.enter_context(Sweeper(directory, settings))
        yield running.enter_context(Web(directory, settings, port, application="demo.app:app"))


@pytest.fixture(scope="session")
def kept_context(browser: Browser, open_shop: Web) -> Iterator[BrowserContext]:
    """A new one compiles each script of the shop again, for a second of the processor's time."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield context
    context.close()


@pytest.fixture(scope="session")
def shop_app(open_shop: Web) -> Iterator[Flask]:
    """The shop's application, in this process, to fill its database."""
    from payments_app import create_app
    from payments_app.config import Config
    from payments_app.core.extensions import db

    assert open_shop.env is not None
    app = create_app(Config.from_env(open_shop.env))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def dashboard(shop_app: Flask) -> Any:
    """Once for all modules: the site's database is one."""
    from tests.browser.dashboard import Dashboard

    return Dashboard(shop_app)
