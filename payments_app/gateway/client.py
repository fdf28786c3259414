"""Stripe's client: one try for each call, since waiting is the outbox's business."""

from __future__ import annotations

import stripe
from flask import Flask, current_app

from payments_app.config import Config
from payments_app.gateway import throttle
from payments_app.gateway.key_rotation import RotatingClient

CONNECT_SECONDS, READ_SECONDS = 3, 20
LOOK_SECONDS = 5  # of a call that only looks whether Stripe is back
API_VERSION = "2026-10-28.endive"


def connect(app: Flask, config: Config, read_seconds: float = READ_SECONDS) -> None:
    """Make the application's client. Time-outs to open and to read are set apart: a connection
    that never opened sent nothing, an answer that never came may have charged."""
    throttle.prepare(app, config)
    app.extensions["stripe"] = _made(config, read_seconds)
    app.extensions["stripe_look"] = _made(config, min(LOOK_SECONDS, read_seconds))


def _made(config: Config, read_seconds: float) -> stripe.StripeClient:
    addresses: dict[str, str] = (
        dict.fromkeys(("api", "files"), config.stripe_api_base) if config.stripe_api_base else {}
    )
    return stripe.StripeClient(
        config.stripe_secret_key,
        stripe_version=API_VERSION,
        max_network_retries=0,
        http_client=RotatingClient(config.stripe_keys, (CONNECT_SECONDS, read_seconds)),
        base_addresses=addresses,  # type: ignore[arg-type]
    )


def client() -> stripe.StripeClient:
    """The application's client. It may be used from many threads."""
    made: stripe.StripeClient = current_app.extensions["stripe"]
    return made


def looking_client() -> stripe.StripeClient:
    """One that gives up after LOOK_SECONDS, for who looks whether Stripe is back."""
    made: stripe.StripeClient = current_app.extensions["stripe_look"]
    return made


def options(account: str | None = None, key: str | None = None) -> stripe.RequestOptions:
    """How a call is made: on a merchant's `account` (None: ours), with which idempotency key.

    Neither is a parameter: https://docs.stripe.com/connect/authentication,
    https://docs.stripe.com/api/idempotent_requests
    """
    made: stripe.RequestOptions = {}
    if account:
        made["stripe_account"] = account
    if key:
        made["idempotency_key"] = key
    return made
