from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from payments_app.reconcile import internal_payments
from tests.fewer_subscribers import leave_aside
from tests.payments.driver import PaymentDriver


@pytest.fixture
def driver(app: Flask, request: pytest.FixtureRequest) -> Iterator[PaymentDriver]:
    """A shop with one product, a sandbox account and workers run by hand."""
    leave_aside(app, request)
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened a moment ago counts as long ago."""
    monkeypatch.setattr(internal_payments, "POSTED_WITHIN_SECONDS", -5)
