"""earlier_attempts: an intent that is not ours may be tried with several cards.

At Stripe each try is a charge of the one intent; here each is a transaction. The last one has the
intent's id, those before it have their charge alone.
Source: https://docs.stripe.com/payments/paymentintents/lifecycle
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.gateway.ids import id_of
from payments_app.gateway.listing import charges_of
from payments_app.gateway.results import Answer, UnreadableError, Verdict
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_id
from payments_app.payments.phases import State


def is_tried_again(session: Session, transaction: Transaction, intent: dict[str, Any]) -> bool:
    """Whether an intent of somebody else's went on to another card after this attempt failed: it
    names a charge that no transaction tells of yet, or succeeded and names none so far."""
    named = as_object(intent.get("metadata")).get("transaction_id")
    made_by_us = named is not None or transaction.create_sent_at is not None
    if made_by_us or transaction.state != State.FAILED:
        return False
    charge = id_of(intent.get("latest_charge"))
    if charge is None:
        return bool(intent.get("status") == "succeeded")
    return charge not in _known(session, [charge])


@atomic
def was_tried_again(session: Session, transaction_id: str, intent: dict[str, Any]) -> bool:
    """`is_tried_again`, of a stored transaction."""
    return is_tried_again(session, session.get_one(Transaction, transaction_id), intent)


def charges_before(intent: dict[str, Any], account: str | None) -> list[dict[str, Any]]:
    """The charges of this intent before the one that it names, the first one first.

    Raises UnreadableError, also while Stripe does not list the one that it names.
    """
    last = id_of(intent.get("latest_charge"))
    listed = charges_of(intent["id"], account)
    if last is None:
        return listed[::-1]
    names = [id_of(charge) for charge in listed]
    if last not in names:
        raise UnreadableError(Verdict.UNKNOWN, {"code": "charge_not_listed_yet"})
    return listed[: names.index(last) : -1]


def failed_before(session: Session, charges: list[dict[str, Any]]) -> list[Answer]:
    """Those of these charges that were declined and that no transaction tells of yet, each as an
    answer of Stripe's."""
    failed = [charge for charge in charges if charge.get("status") == "failed"]
    known = _known(session, [charge["id"] for charge in failed])
    return [_answer(charge) for charge in failed if charge["id"] not in known]


def _known(session: Session, charges: list[str]) -> set[str]:
    """Those of these charges that a transaction tells of."""
    kept = select(charge_id).select_from(Transaction).where(charge_id.in_(charges))
    return set(session.scalars(kept))


def _answer(charge: dict[str, Any]) -> Answer:
    outcome = as_object(charge.get("outcome"))
    error = {
        "type": "card_error",
        "code": charge.get("failure_code"),
        "message": charge.get("failure_message"),
        "charge": id_of(charge),
        "advice_code": outcome.get("advice_code"),
        "network_decline_code": outcome.get("network_decline_code"),
    }
    if outcome.get("type") == "issuer_declined":
        error["decline_code"] = outcome.get("reason")
    body = {name: charge.get(name) for name in ("amount", "currency", "livemode")}
    body |= {"latest_charge": charge, "status": "requires_payment_method"}
    return Answer("charge_list", Verdict.DECLINED, body, error)
