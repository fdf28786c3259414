from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.subscriptions.billing_driver import Club


@pytest.fixture
def club(app: Flask) -> Iterator[Club]:
    """A shop with plans, a sandbox account and a clock that is moved by hand."""
    with app.app_context():
        yield Club(app)
