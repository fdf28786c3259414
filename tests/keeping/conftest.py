from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.payments.driver import PaymentDriver


@pytest.fixture
def settings(settings: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    """A shop whose law has nothing kept, unless a test says so."""
    more: dict[str, str] = getattr(request, "param", {})
    return settings | {"LEGAL_KEEPING_DAYS": "0"} | more


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    """A shop with one product, a sandbox account and workers run by hand."""
    with app.app_context():
        yield PaymentDriver(app)
