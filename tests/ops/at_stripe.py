"""An account at the stand-in that `flask stripe` sets up and looks at, as an operator does."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import requests
import stripe
from click.testing import Result
from flask import Flask

from payments_app import create_app
from payments_app.core.extensions import db
from tests.config_at import config_at
from tests.inbound.webhook_sender import create_event, sign

ADDRESS = "https://pay.example.com/webhooks/stripe"
_SECRET = re.compile(r"^(STRIPE_\w*WEBHOOK_SECRET)=(whsec_\w+)$", re.MULTILINE)


class AtStripe:
    """`settings` are the operator's: what setup says goes into them."""

    def __init__(self, settings: dict[str, str], url: str = "https://pay.example.com") -> None:
        self.settings, self.url = dict(settings), url

    @contextlib.contextmanager
    def app(self) -> Iterator[Flask]:
        app = create_app(config_at(self.url, self.settings))
        with app.app_context():
            try:
                yield app
            finally:
                db.session.remove()
                for engine in app.extensions["sqlalchemy"].engines.values():
                    engine.dispose()

    def run(self, *words: str) -> Result:
        """`flask stripe ...`"""
        with self.app() as app:
            return app.test_cli_runner().invoke(args=["stripe", *words])

    def setup(self, *words: str) -> str:
        """Done without a question; the secrets that it shows go into the settings, beside those
        that are there."""
        result = self.run("setup", "--yes", *words)
        assert result.exit_code == 0, result.output
        self.keep_secrets(result.output)
        return result.output

    def keep_secrets(self, output: str) -> None:
        for name, secret in _SECRET.findall(output):
            self.settings[name] = f"{secret},{self.settings[name]}"

    def receive(self, setting: str) -> None:
        """An event of Stripe's comes, signed with the newest secret of this setting."""
        payload = json.dumps(create_event("price.created")).encode()
        header = sign(payload, self.settings[setting].split(",")[0])
        with self.app() as app:
            answer = app.test_client().post(
                "/webhooks/stripe", data=payload, headers={"Stripe-Signature": header}
            )
        assert answer.status_code == 200

    def doctor(self, *words: str) -> tuple[int, str]:
        result = self.run("doctor", *words)
        return result.exit_code, result.output

    @property
    def client(self) -> stripe.StripeClient:
        """Somebody else who has the key: a colleague in the dashboard, say."""
        return stripe.StripeClient(
            self.settings["STRIPE_SECRET_KEY"],
            base_addresses={"api": self.settings["STRIPE_API_BASE"]},
            max_network_retries=0,
        )

    @property
    def destinations(self) -> Any:
        return self.client.v2.core.event_destinations

    def listed(self, *, enabled: bool = True) -> list[Any]:
        """The destinations at Stripe, the oldest first."""
        found = self.destinations.list({"include": ["webhook_endpoint.url"]}).data
        status = "enabled" if enabled else "disabled"
        return [each for each in reversed(found) if each.status == status]

    def one(self, name: str) -> Any:
        """The enabled destination of this name."""
        payload = "thin" if name == "thin" else "snapshot"
        scope = "@self" if name == "account" else "@accounts"
        (found,) = [
            each
            for each in self.listed()
            if each.event_payload == payload and each.events_from == [scope]
        ]
        return found

    def control(self, path: str, **content: Any) -> None:
        """Ask the stand-in itself."""
        requests.post(
            f"{self.settings['STRIPE_API_BASE']}/_sandbox/{path}",
            auth=(self.settings["STRIPE_SECRET_KEY"], ""),
            json=content,
            timeout=10,
        ).raise_for_status()

    def fail(self, fault: str, path: str, **rule: Any) -> None:
        self.control("faults", fault=fault, match={"path": path}, times=None, **rule)


def line(output: str, name: str) -> str:
    """The doctor's line of this name."""
    (found,) = re.findall(rf"^(?:ok   |WRONG)  {re.escape(name)}: .*$", output, re.MULTILINE)
    return str(found)
