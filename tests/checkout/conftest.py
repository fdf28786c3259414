from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.products import stock_shelf
from tests.checkout.checkout_client import Counter
from tests.checkout.keyed import named


@pytest.fixture
def counter(app: Flask, client: FlaskClient) -> Counter:
    """The demo's shelf, and one buyer's browser without its scripts."""
    with app.app_context():
        stock_shelf()
    return Counter(app, client)


@pytest.fixture
def nameless(counter: Counter) -> FlaskClient:
    """A program without cookies: also one that never saw the headers of an answer."""
    return counter.app.test_client(use_cookies=False)


@pytest.fixture
def visitor(counter: Counter) -> FlaskClient:
    """A browser with a name, and not the counter's."""
    return named(counter)
