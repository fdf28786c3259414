from __future__ import annotations

import pytest
from flask import Flask

from demo.products import add_demo_products
from tests.fuzz.target import Target


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"CHECKOUT_RATE_LIMIT": "999999/minute"}


@pytest.fixture
def target(app: Flask) -> Target:
    with app.app_context():
        add_demo_products()
    return Target(app)
