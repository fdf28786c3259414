"""Keys change with an overlap: the one before still holds as long, and no longer."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app import create_app
from payments_app.config import Config, ConfigError
from payments_app.core.alerts import Alert
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import db
from payments_app.core.web import links
from payments_app.gateway import client, exchange
from payments_app.gateway.results import Verdict
from payments_app.payments.transactions.stripe_metadata import (
    installation,
    is_sealed_fingerprint,
    read_metadata,
    sealed_fingerprint,
)
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


@pytest.mark.parametrize("announced", [True, False])
def test_a_machine_of_before_reads_what_the_next_one_signs_where_it_knows_the_key_to_come(
    settings: dict[str, str], announced: bool
) -> None:
    """While a change goes from machine to machine a visitor meets both."""
    to_come = secrets.token_urlsafe(48)
    before = create_app(
        Config.from_env(settings | ({"SECRET_KEY_FALLBACKS": to_come} if announced else {}))
    )
    changed = {"SECRET_KEY": to_come, "SECRET_KEY_FALLBACKS": settings["SECRET_KEY"]}
    with create_app(Config.from_env(settings | changed)).test_request_context():
        link = links.sign("test", "content")
    with before.test_request_context():
        assert links.read("test", link, 60) == ("content" if announced else None)


@pytest.mark.parametrize("overlap", [True, False])
def test_a_payment_made_before_the_change_is_known_as_ours_after_it(
    app: Flask, settings: dict[str, str], overlap: bool
) -> None:
    """A restored database learns its payments from what their intents say at Stripe."""
    with app.app_context():
        said = {"transaction_id": new_id("txn"), "installation": installation()}
        wish = sealed_fingerprint("of the purchase")
    after = other(settings, settings["SECRET_KEY"] if overlap else "")
    with after.app_context():
        assert (read_metadata({"metadata": said}) is not None) is overlap
        assert is_sealed_fingerprint(wish, "of the purchase") is overlap
        assert not is_sealed_fingerprint(wish, "of another")


REFUSED_KEY = "sk_test_not-known-any-more"


def ask(app: Flask, *keys: str) -> list[Verdict]:
    """Two calls to Stripe with these keys."""
    config = app.config["CONFIG"]
    client.connect(
        app, replace(config, stripe_secret_key=keys[0], stripe_secret_key_fallbacks=keys[1:])
    )
    asked = client.client().v1.accounts.retrieve_current
    return [exchange.object_call("own_account", "account", asked).verdict for _ in range(2)]


def alerts() -> list[tuple[str, object]]:
    db.session.rollback()
    return [(one.key, one.data) for one in db.session.scalars(select(Alert)) if "key" in one.kind]


@pytest.mark.usefixtures("app_context")
def test_a_key_that_stripe_refuses_gives_way_to_its_fallback_with_an_alert(
    app: Flask, settings: dict[str, str]
) -> None:
    good = settings["STRIPE_SECRET_KEY"]
    assert ask(app, REFUSED_KEY, REFUSED_KEY, good) == [Verdict.ANSWERED] * 2
    assert alerts() == [("stripe:key_refused", {"in_use": "STRIPE_SECRET_KEY_FALLBACKS[2]"})]


@pytest.mark.usefixtures("app_context")
def test_a_good_key_needs_no_fallback_and_no_alert(app: Flask, settings: dict[str, str]) -> None:
    assert ask(app, settings["STRIPE_SECRET_KEY"], REFUSED_KEY) == [Verdict.ANSWERED] * 2
    assert alerts() == []


@pytest.mark.usefixtures("app_context")
def test_where_stripe_refuses_every_key_it_is_said_as_ever(app: Flask) -> None:
    assert ask(app, REFUSED_KEY, REFUSED_KEY) == [Verdict.MISCONFIGURED] * 2
    assert alerts() == []


def test_a_fallback_of_the_other_mode_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="FALLBACKS must each be a key of the same mode"):
        Config.from_env(settings | {"STRIPE_SECRET_KEY_FALLBACKS": "sk_live_1"})


def test_each_of_two_alert_secrets_must_be_one(settings: dict[str, str]) -> None:
    good = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
    both = Config.from_env(settings | {"ALERT_WEBHOOK_SECRET": f"{good},{good}"})
    assert both.alert_webhook_secrets == (good, good)
    with pytest.raises(ConfigError, match="ALERT_WEBHOOK_SECRET must be whsec_"):
        Config.from_env(settings | {"ALERT_WEBHOOK_SECRET": f"{good},whsec_short"})
