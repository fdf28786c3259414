from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.inbound.webhook_sender import PostOffice
from tests.payments.driver import Till


@pytest.fixture
def till(app: Flask) -> Iterator[Till]:
    with app.app_context():
        yield Till(app)


@pytest.fixture
def post(till: Till) -> PostOffice:
    """Posts events to the app as Stripe does, signed with the app's own secret."""
    return PostOffice(till)
