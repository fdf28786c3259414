"""Whoever finds a hole reads whom to tell, where the settings say it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.portable
PATH = "/.well-known/security.txt"


def test_without_a_contact_there_is_no_such_page(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 404


class TestWithAContact:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"SECURITY_CONTACT": "mailto:security@example.com"}

    def test_it_is_told(self, client: FlaskClient) -> None:
        answer = client.get(PATH)
        assert answer.mimetype == "text/plain"
        assert "Contact: mailto:security@example.com\nExpires: 20" in answer.text
