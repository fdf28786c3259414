"""SECRET_KEY changes with an overlap: what the one before it signed still holds, and no longer."""

from __future__ import annotations

import secrets

import pytest
from flask import Flask

from payments_app import create_app
from payments_app.config import Config
from payments_app.core.web import links
from tests.checkout.checkout_client import BROWSER, FIELD

pytestmark = pytest.mark.portable
PAGE = "/account"


def other(settings: dict[str, str], fallbacks: str) -> Flask:
    """The same application after the change."""
    changed = {"SECRET_KEY": secrets.token_urlsafe(48), "SECRET_KEY_FALLBACKS": fallbacks}
    return create_app(Config.from_env(settings | changed))


@pytest.mark.parametrize("overlap", [True, False])
def test_cookies_forms_and_links_hold_while_the_old_key_is_a_fallback(
    app: Flask, settings: dict[str, str], overlap: bool
) -> None:
    client = app.test_client()
    token = dict(FIELD.findall(client.get(PAGE, headers=BROWSER).text))["csrf_token"]
    cookie = client.get_cookie("session")
    assert cookie is not None
    with app.test_request_context():
        link = links.sign("test", "content")
    after = other(settings, settings["SECRET_KEY"] if overlap else "")
    visitor = after.test_client()
    visitor.set_cookie("session", cookie.value)
    sent = visitor.post(f"{PAGE}/links", data={"csrf_token": token, "email": "x"}, headers=BROWSER)
    assert (sent.status_code == 422) is overlap  # else 400: the form has expired
    with after.test_request_context():
        assert links.read("test", link, 60) == ("content" if overlap else None)


def test_nothing_new_is_signed_with_a_fallback(app: Flask, settings: dict[str, str]) -> None:
    after = other(settings, settings["SECRET_KEY"])
    with after.test_request_context():
        link = links.sign("test", "content")
    with app.test_request_context():
        assert links.read("test", link, 60) is None
