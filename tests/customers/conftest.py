from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.products import add_demo_products
from tests.checkout.checkout_client import CheckoutClient
from tests.fewer_subscribers import NOT_CARDS, leave_aside
from tests.payments.driver import PaymentDriver


@pytest.fixture
def driver(app: Flask, request: pytest.FixtureRequest) -> Iterator[PaymentDriver]:
    leave_aside(app, request, NOT_CARDS)
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def checkout(app: Flask, client: FlaskClient, request: pytest.FixtureRequest) -> CheckoutClient:
    leave_aside(app, request, NOT_CARDS)
    with app.app_context():
        add_demo_products()
    return CheckoutClient(app, client)
