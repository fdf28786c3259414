from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.payments.driver import PaymentDriver


@pytest.fixture
def accounts_api() -> str:
    """The API that makes merchants' accounts: the default, unless a test is `by_both_apis`."""
    return "v2"


@pytest.fixture
def settings(settings: dict[str, str], accounts_api: str) -> dict[str, str]:
    return settings | {"STRIPE_ACCOUNTS_API": accounts_api}


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    """A shop with one product, a sandbox account and workers run by hand."""
    with app.app_context():
        yield PaymentDriver(app)
