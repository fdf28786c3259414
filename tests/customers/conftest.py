from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.products import stock_shelf
from tests.checkout.checkout_client import Counter
from tests.payments.driver import Till


@pytest.fixture
def till(app: Flask) -> Iterator[Till]:
    with app.app_context():
        yield Till(app)


@pytest.fixture
def counter(app: Flask, client: FlaskClient) -> Counter:
    with app.app_context():
        stock_shelf()
    return Counter(app, client)
