"""The style guide is for who builds the pages, and for nobody else."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from payments_app.core import places
from payments_app.gateway.decline_sentences import BUYER
from tests.checkout.checkout_client import BROWSER
from tests.checkout.shown_parts import ShownParts
from tests.languages.visits import buyers_templates

# What a page says to be noticed: all classes of the tag, and whether it is read aloud at once.
NOTICE = re.compile(
    r"<(?:p|div)\b(?=[^>]*\bclass=\"((?:notice|notes|summary|refusal|field-error|likely|late)\b[^\"]*)\")"
    r"(?:(?=[^>]*role=\"(\w+)\"))?"
)
BUYERS = ("checkout", "consents", "customers", "downloads", "orders", "subscriptions")


def shared() -> list[str]:
    """The templates of all components, and of what a buyer's pages include: no buyer reads a list
    that has a rest."""
    root = places.templates()
    parts = [one for folder in BUYERS for one in (root / folder).glob("_*.html")]
    found = [*(root / "components").glob("*.html"), *parts]
    return sorted(str(one.relative_to(root)) for one in found if one.name != "parts.html")


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

    def test_it_shows_each_kind_of_notice(self, client: FlaskClient) -> None:
        root = places.templates()
        paths = [one for name in buyers_templates() for one in [root / name] if "mail" not in name]
        kinds = {kind for path in paths for kind in NOTICE.findall(path.read_text())}
        assert len(kinds) > 7
        assert kinds - set(NOTICE.findall(client.get("/styleguide", headers=BROWSER).text)) == set()

    def test_it_shows_each_component_and_each_shared_part_in_each_of_its_states(
        self, app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parts = ShownParts(app.jinja_env, monkeypatch)
        names = shared()
        for name in names:
            app.jinja_env.get_template(name)  # also one that nothing uses yet
        assert client.get("/styleguide", headers=BROWSER).status_code == 200
        missing = {mark for name in names for mark in parts.made[name]} - parts.shown
        assert sorted(missing) == [], "show it in templates/styleguide.html"
