from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from demo.downloads import add_demo_downloads
from demo.plans import add_demo_plans
from demo.products import add_demo_products
from tests.restore.drill import Drill


@pytest.fixture
def drill(app: Flask, redis_urls: tuple[str, str]) -> Iterator[Drill]:
    """The demo's shop, whose database is restored to an earlier moment."""
    with app.app_context():
        add_demo_products()
        add_demo_downloads()
        add_demo_plans()
        drill = Drill(app, redis_urls)
        yield drill
        drill.close()
