from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    """A shop with one product, a sandbox account and workers run by hand."""
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def portal(app: Flask) -> Portal:
    """Merchants and their browsers."""
    return Portal(app)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
