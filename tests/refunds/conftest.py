from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.fewer_subscribers import leave_aside
from tests.payments.driver import PaymentDriver


@pytest.fixture
def driver(app: Flask, request: pytest.FixtureRequest) -> Iterator[PaymentDriver]:
    """A shop with one product, a sandbox account and workers run by hand."""
    leave_aside(app, request)
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def disputed_mug(driver: PaymentDriver) -> str:
    """A mug of three, paid and disputed before anybody packed it."""
    from tests.orders.test_goods import add_product, order_of
    from tests.refunds.test_disputes import send_event

    add_product("mug", 3)
    order = order_of(mug=1)
    driver.open("pm_card_createDispute", order)
    driver.work("charges")
    send_event(driver)
    return order
