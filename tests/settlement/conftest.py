from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.accounts.staff_driver import Desk
from tests.payments.driver import Till


@pytest.fixture
def till(app: Flask) -> Iterator[Till]:
    """A shop with one product, a sandbox account and workers run by hand."""
    with app.app_context():
        yield Till(app)


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Staff members and their browsers."""
    return Desk(app)
