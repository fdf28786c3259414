from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.queues.job_driver import Bench


@pytest.fixture
def bench(app: Flask) -> Iterator[Bench]:
    """A work bench: jobs of the test's own on the product's queues."""
    with app.app_context():
        yield Bench(app)
