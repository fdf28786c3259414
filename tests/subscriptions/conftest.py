from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.subscriptions.billing_driver import BillingDriver


@pytest.fixture
def billing(app: Flask) -> Iterator[BillingDriver]:
    """A shop with plans, a sandbox account and a clock that is moved by hand."""
    with app.app_context():
        yield BillingDriver(app)
