from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.accounts.staff_driver import Browser, StaffDriver
from tests.fewer_subscribers import leave_aside
from tests.payments.driver import PaymentDriver
from tests.payments.held import Held


@pytest.fixture
def driver(app: Flask, request: pytest.FixtureRequest) -> Iterator[PaymentDriver]:
    """A shop with one product, a sandbox account and workers run by hand."""
    leave_aside(app, request)
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def held(driver: PaymentDriver) -> Held:
    return Held(driver)


@pytest.fixture
def admin(driver: PaymentDriver) -> Browser:
    return StaffDriver(driver.app).signed_in("admin")
