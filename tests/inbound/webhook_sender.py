"""The sandbox's events, or changed copies of them, signed and posted to the app."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.inbound.models import StripeEvent
from tests.payments.driver import PaymentDriver

URL = "/webhooks/stripe"


def sign(payload: bytes, secret: str, at: float | None = None) -> str:
    """The Stripe-Signature header, written down from Stripe's documentation."""
    moment = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256)
    return f"t={moment},v1={digest.hexdigest()}"


def create_event(type: str = "payment_intent.succeeded", **content: Any) -> dict[str, Any]:
    return {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "type": type,
        "created": int(time.time()),
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": {"id": f"pi_{secrets.token_hex(12)}", **content}},
    }


class WebhookSender:
    def __init__(self, driver: PaymentDriver) -> None:
        self.driver = driver
        self.app = driver.app
        self.secret = driver.config.stripe_webhook_secrets[0]

    def send(self, event: dict[str, Any], *, work: bool = True) -> TestResponse:
        answer = self.send_bytes(json.dumps(event).encode())
        if work:
            self.driver.work("payment_critical")
        return answer

    def send_bytes(self, payload: bytes, header: str | None = None) -> TestResponse:
        given = sign(payload, self.secret) if header is None else header
        headers = {"Content-Type": "application/json", "Stripe-Signature": given}
        return self.app.test_client().post(URL, data=payload, headers=headers)

    def send_at_once(self, events: list[dict[str, Any]]) -> list[int]:
        with ThreadPoolExecutor(len(events)) as pool:
            return [answer.status_code for answer in pool.map(self._send_alone, events)]

    def _send_alone(self, event: dict[str, Any]) -> TestResponse:
        return self.send_bytes(json.dumps(event).encode())

    def told(self, type: str, object_id: str | None = None) -> dict[str, Any]:
        """The newest event of this type that the sandbox made (about this object)."""
        listed = self.driver.sandbox("GET", f"/v1/events?type={type}&limit=100")["data"]
        found: dict[str, Any] = next(
            event for event in listed if object_id in (None, event["data"]["object"]["id"])
        )
        return found

    def pay_elsewhere(self, card: str = "pm_card_visa", **more: str) -> dict[str, Any]:
        """A payment made at Stripe that we know nothing of; its intent."""
        return self.stripe(
            "payment_intents",
            **{
                "amount": "2500",
                "currency": "usd",
                "allowed_payment_method_types[]": "card",
                "confirm": "true",
                "payment_method": card,
            }
            | more,
        )

    def stripe(self, path: str, **form: str) -> dict[str, Any]:
        """POST to the sandbox's API; the intent inside a 402 counts as the answer."""
        import requests

        answer = requests.post(
            f"{self.driver.config.stripe_api_base}/v1/{path}",
            auth=(self.driver.config.stripe_secret_key, ""),
            data=form,
            timeout=10,
        ).json()
        if "error" in answer:
            answer = answer["error"]["payment_intent"]
        made: dict[str, Any] = answer
        return made

    def stored(self, event: dict[str, Any]) -> StripeEvent | None:
        db.session.rollback()
        return db.session.get(StripeEvent, event["id"], populate_existing=True)

    def state(self, event: dict[str, Any]) -> str:
        stored = self.stored(event)
        assert stored is not None
        return stored.state

    def deliveries(self, event: dict[str, Any]) -> list[str]:
        """How history tells each delivery of this event."""
        db.session.rollback()
        rows = db.session.scalars(select(HistoryEntry.data).order_by(HistoryEntry.id))
        return [
            row["delivery"] for row in rows if row.get("event") == event["id"] and "delivery" in row
        ]

    def alerts(self) -> list[str]:
        db.session.rollback()
        return list(db.session.scalars(select(Alert.kind).order_by(Alert.id)))
