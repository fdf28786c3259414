"""What differs between one of Stripe's intents and our transaction. Pure: no query, no call."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from payments_app.core.db.clock import utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.money import code_of
from payments_app.gateway.calls import STATUSES
from payments_app.gateway.ids import clean_id
from payments_app.gateway.look import is_check
from payments_app.gateway.numbers import moment
from payments_app.gateway.words import known, word
from payments_app.payments.phases import Phase
from payments_app.reconcile import internal_payments
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.values import money


@dataclass(frozen=True)
class Ours:
    """A transaction as the comparison needs it."""

    id: str
    phase: str
    amount: int
    paid: int
    currency: str
    stripe_payment_id: str | None
    created_at: dt.datetime


def classify(
    intent: dict[str, Any], ours: Ours | None, listed_since: dt.datetime | None = None
) -> list[Difference]:
    """What differs between one intent and its transaction (None: there is none). Pure. Where
    Stripe does not say when it was made, it lists it as made after `listed_since`."""
    named = named_transaction(intent)
    status = known(intent.get("status"), STATUSES)
    paid = status == "succeeded"
    said = word(intent.get("status")) or "nothing"
    details = {
        "intent": intent["id"],
        "amount": intent.get("amount"),
        "currency": intent.get("currency"),
    }
    if ours is None and is_check(intent):
        return []
    if ours is None:
        created = moment(intent.get("created")) or listed_since or utcnow()
        sides = {"at_stripe": f"{_sums_of(intent)}, {said}", "here": "nothing"}
        return [Difference("unknown_intent", intent["id"], created, None, sides | details)]

    def difference(kind: str, at_stripe: str = said, here: str = ours.phase) -> Difference:
        subject = intent["id"] if kind == "second_intent" else ours.id
        about = {"at_stripe": at_stripe, "here": here, **details, "transaction": named}
        return Difference(kind, subject, ours.created_at, ours.id, about)

    if ours.stripe_payment_id not in (None, intent["id"]):
        both = (f"{intent['id']}, {said}", f"{ours.stripe_payment_id}, {ours.phase}")
        return [difference("second_intent", *both)]
    found = []
    if _amounts_differ(intent, ours):
        here = _sums(ours.amount, ours.paid, ours.currency)
        found.append(difference("amount_differs", _sums_of(intent), here))
    elif status is None:
        found.append(difference("status_unknown"))
    elif paid and ours.phase != Phase.COMPLETE and _charged_long_ago(intent):
        found.append(difference("paid_at_stripe_not_here"))
    if ours.phase == Phase.COMPLETE and status and not paid:
        found.append(difference("complete_here_not_at_stripe"))
    if ours.phase == Phase.CANCELED and status not in (None, "canceled", "succeeded"):
        found.append(difference("ended_here_open_at_stripe"))
    return found


def _sums_of(intent: dict[str, Any]) -> str:
    return _sums(intent.get("amount"), intent.get("amount_received"), intent.get("currency"))


def _sums(asked: Any, received: Any, currency: Any) -> str:
    return f"{money(asked, currency)}, {money(received, currency)} received"


def _amounts_differ(intent: dict[str, Any], ours: Ours) -> bool:
    """In what was asked for, or in what was received of it."""
    asked = (intent.get("amount"), code_of(intent.get("currency")))
    if asked != (ours.amount, ours.currency):
        return True
    complete = ours.phase == Phase.COMPLETE and intent.get("status") == "succeeded"
    return complete and intent.get("amount_received") != ours.paid


def _charged_long_ago(intent: dict[str, Any]) -> bool:
    """Whether we have had the time to learn of it: a look-up or a webhook may be on its way."""
    charge = intent.get("latest_charge")
    created = moment((charge if isinstance(charge, dict) else intent).get("created"))
    return (
        created is None
        or (utcnow() - created).total_seconds() > internal_payments.POSTED_WITHIN_SECONDS
    )


def named_transaction(intent: dict[str, Any]) -> str | None:
    """The transaction that an intent says that it is of."""
    return clean_id(as_object(intent.get("metadata")).get("transaction_id"))
