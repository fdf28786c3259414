from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.fewer_subscribers import leave_aside
from tests.inbound.webhook_sender import WebhookSender
from tests.payments.driver import PaymentDriver


@pytest.fixture
def driver(app: Flask, request: pytest.FixtureRequest) -> Iterator[PaymentDriver]:
    leave_aside(app, request)
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def post(driver: PaymentDriver) -> WebhookSender:
    """Posts events to the app as Stripe does, signed with the app's own secret."""
    return WebhookSender(driver)
