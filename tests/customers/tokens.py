"""Confirmation tokens as whoever has the page's publishable key can make them."""

from __future__ import annotations

import requests

from tests.checkout.checkout_client import CheckoutClient


def token_of(checkout: CheckoutClient, method: str, usage: str | None) -> str:
    """A token made from somebody's card."""
    config = checkout.app.config["CONFIG"]
    answer = requests.post(
        f"{config.stripe_api_base}/v1/confirmation_tokens",
        auth=(config.stripe_publishable_key, ""),
        data={"payment_method": method, "setup_future_usage": usage},
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])
