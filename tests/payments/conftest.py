from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.payments.driver import Till


@pytest.fixture
def till(app: Flask) -> Iterator[Till]:
    """A shop with one product, a sandbox account and workers run by hand."""
    with app.app_context():
        yield Till(app)
