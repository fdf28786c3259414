"""The style guide is for who builds the pages, and for nobody else."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from payments_app.gateway.decline_sentences import BUYER
from tests.checkout.checkout_client import BROWSER


def test_it_is_not_there_for_buyers(client: FlaskClient) -> None:
    assert client.get("/styleguide", headers=BROWSER).status_code == 404


class TestInDevelopment:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"FLASK_DEBUG": "1"}

    def test_it_shows_each_state_and_each_sentence_of_a_failure(self, client: FlaskClient) -> None:
        page = client.get("/styleguide", headers=BROWSER).text.replace("&#39;", "'")
        for heading in ("Processing your payment", "Waiting for your bank", "Payment complete"):
            assert heading in page
        assert [sentence for sentence in BUYER.values() if sentence not in page] == []
