"""Customers and their saved cards at Stripe.

Sources: https://docs.stripe.com/api/customers, https://docs.stripe.com/api/payment_methods/detach
"""

from __future__ import annotations

from payments_app.gateway.client import client, options
from payments_app.gateway.exchange import object_call
from payments_app.gateway.misconfigured import sort_our_mistake
from payments_app.gateway.results import Answer, UnreadableError, Verdict


def create_customer(
    customer_id: str | None, email: str, attempt: str, key_number: int = 1, *, again: bool = False
) -> Answer:
    """Make a customer of ours known to Stripe. Without a `customer_id` it is one for this
    `attempt` (a transaction's id) alone.

    The same key answers the same customer. Where Stripe has saved an error of its own for it and
    repeats that for ever, another key, of this attempt alone, makes another empty customer. So
    does each `key_number` after the first, where Stripe refused the one before, and `again`, where
    the customer that the same key would answer is gone.
    """
    whose = {"customer_id": customer_id} if customer_id else {"transaction_id": attempt}
    key = f"customer-{customer_id or attempt}-create"
    if again or key_number > 1:
        key = f"{key}-{attempt}-{key_number}"
    answer = _create(whose, email, key)
    if answer.replayed and answer.verdict == Verdict.UNKNOWN:
        answer = _create(whose, email, f"{key}-{attempt}")
    return answer


def email_of_customer(customer_id: str, account: str | None = None) -> str | None:
    """The e-mail address that Stripe keeps of a customer; None where there is none (any more).

    Raises UnreadableError while Stripe does not answer.
    """
    answer = retrieve_customer(customer_id, account)
    if answer.body is None and answer.verdict != Verdict.INVALID:
        raise UnreadableError(answer.verdict, answer.error or {})
    email = (answer.body or {}).get("email")
    return email if isinstance(email, str) else None


def retrieve_customer(customer_id: str, account: str | None = None) -> Answer:
    """Read a customer at Stripe; one that was deleted there says `deleted`."""
    return object_call(
        "customer_retrieve",
        "customer",
        lambda: client().v1.customers.retrieve(customer_id, None, options(account)),
    )


def delete_customer(customer_id: str) -> Answer:
    """Delete a customer at Stripe, with its cards: neither can be charged again."""
    return object_call(
        "customer_delete",
        "customer",
        lambda: client().v1.customers.delete(customer_id),
    )


def retrieve_card(payment_method: str) -> Answer:
    """Read a saved card at Stripe: its `customer` is None where it was taken off."""
    return object_call(
        "card_retrieve",
        "payment_method",
        lambda: client().v1.payment_methods.retrieve(payment_method),
    )


def detach_card(payment_method: str) -> Answer:
    """Take a saved card off its customer: it can never be charged again."""
    return object_call(
        "card_detach",
        "payment_method",
        lambda: client().v1.payment_methods.detach(payment_method),
    )


def _create(whose: dict[str, str], email: str, key: str) -> Answer:
    answer = object_call(
        "customer_create",
        "customer",
        lambda: client().v1.customers.create({"email": email, "metadata": whose}, options(key=key)),
    )
    return sort_our_mistake(answer)
