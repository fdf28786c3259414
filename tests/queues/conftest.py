from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from payments_app.core.extensions import db
from tests.accounts.staff_driver import StaffDriver
from tests.payments.driver import PaymentDriver
from tests.queues.job_driver import JobDriver
from tests.queues.newer_release import Plugin


@pytest.fixture
def job_driver(app: Flask) -> Iterator[JobDriver]:
    """A work bench: jobs of the test's own on the product's queues."""
    with app.app_context():
        yield JobDriver(app)


@pytest.fixture
def plugin(settings: dict[str, str]) -> Iterator[Plugin]:
    plugin = Plugin(settings, "payment.completed", "refund.succeeded", "alert.raised")
    yield plugin
    with plugin.app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def driver(job_driver: JobDriver) -> PaymentDriver:
    return PaymentDriver(job_driver.app)


@pytest.fixture
def staff_driver(app: Flask) -> StaffDriver:
    return StaffDriver(app)
