from __future__ import annotations

import pytest
from flask import Flask

from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments


@pytest.fixture
def staff_driver(app: Flask) -> StaffDriver:
    """Staff accounts, and a browser for each."""
    return StaffDriver(app)


@pytest.fixture
def stored_payments(app: Flask) -> StoredPayments:
    """Payments as they lie in the database."""
    return StoredPayments(app)


@pytest.fixture
def viewer(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("viewer")


@pytest.fixture
def support(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("support")
