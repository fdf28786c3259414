from __future__ import annotations

import pytest
from flask import Flask

from tests.accounts.staff_driver import Browser, Desk
from tests.portal.portal_driver import Portal
from tests.staff.stored_payments import Files


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Staff accounts, and a browser for each."""
    return Desk(app)


@pytest.fixture
def files(app: Flask) -> Files:
    """Payments as they lie in the database."""
    return Files(app)


@pytest.fixture
def viewer(desk: Desk) -> Browser:
    return desk.signed_in("viewer")


@pytest.fixture
def support(desk: Desk) -> Browser:
    return desk.signed_in("support")


@pytest.fixture
def portal(app: Flask) -> Portal:
    """Merchants and their browsers."""
    return Portal(app)
