from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.fewer_subscribers import leave_aside
from tests.payments.driver import PaymentDriver


@pytest.fixture
def driver(app: Flask, request: pytest.FixtureRequest) -> Iterator[PaymentDriver]:
    """A shop with one product, a sandbox account and workers run by hand."""
    leave_aside(app, request)
    with app.app_context():
        yield PaymentDriver(app)
