from __future__ import annotations

import pytest
from flask import Flask

from tests.api.application import Application, new_key


@pytest.fixture
def shop_application(app: Flask) -> Application:
    """Another application, with a key of every scope."""
    return Application(app, new_key(app))


@pytest.fixture
def other_application(app: Flask) -> Application:
    """One more, with a key of its own."""
    return Application(app, new_key(app, name="another application"))
