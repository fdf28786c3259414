from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.products import add_demo_products
from tests.checkout.checkout_client import CheckoutClient
from tests.checkout.keyed import named


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    """The demo's products, and one buyer's browser without its scripts."""
    with app.app_context():
        add_demo_products()
    return CheckoutClient(app, client)


@pytest.fixture
def nameless(checkout: CheckoutClient) -> FlaskClient:
    """A program without cookies: also one that never saw the headers of an answer."""
    return checkout.app.test_client(use_cookies=False)


@pytest.fixture
def visitor(checkout: CheckoutClient) -> FlaskClient:
    """A browser with a name, and not the counter's."""
    return named(checkout)
