from __future__ import annotations

import pytest
from flask import Flask

from tests.accounts.staff_driver import StaffDriver


@pytest.fixture
def staff_driver(app: Flask) -> StaffDriver:
    """Staff accounts, and a browser for each."""
    return StaffDriver(app)
