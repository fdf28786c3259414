from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.downloads import add_demo_downloads
from tests.checkout.checkout_client import CheckoutClient
from tests.payments.driver import PaymentDriver


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_downloads()
    return CheckoutClient(app, client)


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)
