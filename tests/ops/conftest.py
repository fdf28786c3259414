from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.accounts.staff_driver import Desk
from tests.queues.job_driver import Bench


@pytest.fixture
def bench(app: Flask) -> Iterator[Bench]:
    """Jobs of the test's own, dead letters, alerts."""
    with app.app_context():
        yield Bench(app)


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Staff accounts, and a browser for each."""
    return Desk(app)
