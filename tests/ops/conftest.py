from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.accounts.staff_driver import StaffDriver
from tests.ops.at_stripe import AtStripe
from tests.queues.job_driver import JobDriver


@pytest.fixture
def job_driver(app: Flask) -> Iterator[JobDriver]:
    """Jobs of the test's own, dead letters, alerts."""
    with app.app_context():
        yield JobDriver(app)


@pytest.fixture
def staff_driver(app: Flask) -> StaffDriver:
    """Staff accounts, and a browser for each."""
    return StaffDriver(app)


@pytest.fixture
def at_stripe(settings: dict[str, str]) -> AtStripe:
    """An account at the stand-in on which nothing is set up yet."""
    return AtStripe(settings)
