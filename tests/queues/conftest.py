from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.queues.job_driver import JobDriver


@pytest.fixture
def job_driver(app: Flask) -> Iterator[JobDriver]:
    """A work bench: jobs of the test's own on the product's queues."""
    with app.app_context():
        yield JobDriver(app)
