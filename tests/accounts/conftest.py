from __future__ import annotations

import pytest
from flask import Flask

from tests.accounts.staff_driver import Desk


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Staff accounts, and a browser for each."""
    return Desk(app)
