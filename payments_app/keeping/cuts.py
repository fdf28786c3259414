"""What an erasure leaves of a value: words that name a person go, what the books need stays."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from payments_app.core.card_numbers import masked
from payments_app.core.db.clock import database_now
from payments_app.core.email_addresses import ERASED_DOMAIN, without_addresses

ERASED = "Erased"
# Names of Stripe's fields, and of what is sent to it: https://docs.stripe.com/api/charges/object
_PERSONAL = frozenset(
    """
    address billing_details customer_email_address customer_name customer_purchase_ip
    customer_signature email evidence first_name fingerprint last4 last_name name phone
    receipt_email receipt_url shipping
    """.split()
)


def without_persons(value: Any) -> Any:
    """JSON without the fields that name a person, and without e-mail addresses in its texts."""
    if isinstance(value, Mapping):
        kept = {key: each for key, each in value.items() if key not in _PERSONAL}
        return {key: without_persons(each) for key, each in kept.items()}
    if isinstance(value, list):
        return [without_persons(each) for each in value]
    return masked(value, without_addresses)


def text_without_addresses(old: str | None) -> str | None:
    """A text without its e-mail addresses."""
    return None if old is None else without_addresses(old)


def nothing(_old: Any) -> None:
    """Nothing is left."""


def ended(old: dt.datetime | None) -> Any:
    """When it ended: now, where it had not. In SQL where it is now."""
    return old or database_now()


def erased_address(customer_id: str) -> str:
    """What stands where an address was: no mail is ever written to it."""
    return f"{re.sub('[^a-z0-9_]', '', customer_id)}@{ERASED_DOMAIN}"
