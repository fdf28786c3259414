from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from payments_app.orders.shelf import stock_shelf
from tests.checkout.counter import Counter


@pytest.fixture
def counter(app: Flask, client: FlaskClient) -> Counter:
    """The demo's shelf, and one buyer's browser without its scripts."""
    with app.app_context():
        stock_shelf()
    return Counter(app, client)
