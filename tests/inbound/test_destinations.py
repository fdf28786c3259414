"""Three event destinations with three secrets; test events that a live one gets."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from payments_app.gateway.destinations import fingerprint
from payments_app.inbound.destinations import last_verified, note_verified
from tests.inbound.test_thin_events import REQUIREMENTS, thin
from tests.inbound.webhook_sender import WebhookSender, create_event, sign
from tests.ops.test_metrics import value_of

pytestmark = pytest.mark.portable

RANDOM = "Zr3vN0xKcT5yLmWb7Jd2Hf9G"
SECRETS = {
    "STRIPE_WEBHOOK_SECRET": f"whsec_account{RANDOM}",
    "STRIPE_CONNECT_WEBHOOK_SECRET": f"whsec_connect{RANDOM}, whsec_before{RANDOM}",
    "STRIPE_THIN_WEBHOOK_SECRET": f"whsec_thin{RANDOM}",
}


class TestOfThreeSecrets:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | SECRETS

    @pytest.mark.parametrize("whose", ["account", "connect", "before", "thin"])
    def test_each_is_good(self, post: WebhookSender, whose: str) -> None:
        payload = json.dumps(create_event()).encode()
        signature = sign(payload, f"whsec_{whose}{RANDOM}")
        assert post.send_bytes(payload, signature).status_code == 200

    def test_a_fourth_one_is_not(self, post: WebhookSender) -> None:
        payload = json.dumps(create_event()).encode()
        assert post.send_bytes(payload, sign(payload, f"whsec_fourth{RANDOM}")).status_code == 400


@pytest.mark.parametrize("written", ["yesterday", "nan", "1e400", f"{'0' * 64} 1800000000.000000"])
def test_what_was_not_written_by_us_tells_of_no_secret(app: Flask, written: str) -> None:
    with app.app_context():
        app.extensions["wake_up_redis"].set("stripe:verified:of a secret", written)
        assert last_verified(["of a secret"]) is None


def test_what_we_wrote_of_one_secret_tells_of_no_other(app: Flask) -> None:
    """Whoever writes to the jobs' Redis would say that events come which do not."""
    began = dt.datetime.now(dt.UTC)
    with app.app_context():
        note_verified("whsec_mine")
        mine, other = fingerprint("whsec_mine"), fingerprint("whsec_other")
        redis = app.extensions["wake_up_redis"]
        written = redis.get(f"stripe:verified:{mine}")
        redis.set(f"stripe:verified:{other}", written)
        assert last_verified([other]) is None
        moment = last_verified([other, mine])
        assert moment is not None
        assert moment >= began
        redis.set(f"stripe:verified:{mine}", written + b"0" * 1000)
        assert last_verified([mine]) is None


class TestWithALiveKey:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        key = "live_51HzQ9tVbC3dEfGh"
        live = {"STRIPE_SECRET_KEY": f"sk_{key}", "STRIPE_PUBLISHABLE_KEY": f"pk_{key}"}
        return settings | live | {"STRIPE_API_BASE": ""}

    @pytest.mark.parametrize(
        "event",
        [
            create_event() | {"account": "acct_of_a_merchant"},
            create_event("account.updated") | {"account": "acct_of_a_merchant"},
            thin(REQUIREMENTS, "acct_of_a_merchant"),
        ],
        ids=lambda event: str(event["type"]),
    )
    def test_a_test_event_of_a_connected_account_is_ignored_and_counted(
        self, post: WebhookSender, client: FlaskClient, event: dict[str, object]
    ) -> None:
        assert post.send(event).status_code == 200
        stored = post.stored(event)
        assert stored is not None
        assert (stored.state, post.alerts()) == ("ignored", [])
        assert stored.reason is not None
        assert "test mode" in stored.reason
        labels = {"type": str(event["type"]), "state": "ignored", "livemode": "false"}
        assert value_of(client, "stripe_events_recent", **labels) == 1

    def test_a_test_event_of_our_own_account_is_set_aside(self, post: WebhookSender) -> None:
        event = create_event()
        assert post.send(event).status_code == 200
        assert (post.state(event), post.alerts()) == ("quarantined", ["webhook_quarantined"])

    def test_a_live_event_of_a_connected_account_is_worked_on(self, post: WebhookSender) -> None:
        event = create_event("account.updated") | {"account": "acct_1", "livemode": True}
        post.send(event, work=False)
        assert post.state(event) == "processed"
