"""A charge as a stock RQ worker would make it: two calls of Stripe's library in a job."""

from __future__ import annotations

import os

import stripe


def charge(name: str) -> None:
    """Create and confirm an intent."""
    client = stripe.StripeClient(
        os.environ["STRIPE_SECRET_KEY"],
        base_addresses={"api": os.environ["STRIPE_API_BASE"]},
    )
    intent = client.v1.payment_intents.create(
        {"amount": 1099, "currency": "usd", "payment_method": "pm_card_visa", "description": name}
    )
    client.v1.payment_intents.confirm(intent.id, {"return_url": "https://shop.example.com/"})
