"""Customers and their saved cards at Stripe.

Sources: https://docs.stripe.com/api/customers, https://docs.stripe.com/api/payment_methods/detach
"""

from __future__ import annotations

from payments_app.gateway.client import client
from payments_app.gateway.objects import Reply, object_call
from payments_app.gateway.results import Answer, Verdict


def create_customer(customer_id: str | None, email: str, attempt: str) -> Answer | str:
    """Make a customer of ours known to Stripe: its id there, or what came instead. Without a
    `customer_id` it is one for this `attempt` (a transaction's id) alone.

    The same key answers the same customer. Where Stripe has saved an error of its own for it and
    repeats that for ever, another key, of this attempt alone, makes another empty customer.
    """
    whose = {"customer_id": customer_id} if customer_id else {"transaction_id": attempt}
    key = f"customer-{customer_id or attempt}-create"
    reply = _create(whose, email, key)
    if reply.replayed and reply.trouble == Verdict.UNKNOWN:
        reply = _create(whose, email, f"{key}-{attempt}")
    if reply.body is not None:
        return str(reply.body["id"])
    return Answer(
        call=reply.call,
        verdict=reply.trouble or Verdict.UNKNOWN,
        error=reply.error,
        request_id=reply.request_id,
        milliseconds=reply.milliseconds,
        http_status=reply.http_status,
        replayed=reply.replayed,
        retry_after=reply.retry_after,
    )


def detach_card(payment_method: str) -> Reply:
    """Take a saved card off its customer: it can never be charged again."""
    return object_call(
        "card_detach",
        "payment_method",
        lambda: client().v1.payment_methods.detach(payment_method),
    )


def _create(whose: dict[str, str], email: str, key: str) -> Reply:
    return object_call(
        "customer_create",
        "customer",
        lambda: client().v1.customers.create(
            {"email": email, "metadata": whose},
            {"idempotency_key": key},
        ),
    )
