"""compare_returns: the refunds and disputes that Stripe has, and ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from payments_app.core.db.clock import utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.extensions import db
from payments_app.gateway.listing import disputes_created, refunds_created
from payments_app.gateway.numbers import moment
from payments_app.gateway.results import UnreadableError
from payments_app.gateway.words import known
from payments_app.payments.disputes.models import STATES, Dispute
from payments_app.payments.disputes.refresh import funds_of
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_id, names_of
from payments_app.payments.refunds.import_refunds import NEVER_PAID_CODE
from payments_app.payments.refunds.models import AT_STRIPE, Refund
from payments_app.payments.transactions.received import is_release
from payments_app.reconcile import internal_payments
from payments_app.reconcile.findings import Difference

_DISPUTE = "dispute_differs"


def differences(
    since: dt.datetime, until: dt.datetime, account: str | None
) -> Iterator[Difference]:
    """What differs among the refunds and disputes made at Stripe in [since, until).

    What is new there is on its way to us, and what is about no payment of ours is not ours to
    keep. Raises UnreadableError.
    """
    for page in refunds_created(since, until, account):
        yield from _compare("refund_differs", page, _refund_states(page), since)
    for page in disputes_created(since, until, account):
        yield from _compare(_DISPUTE, page, _dispute_states(page), since)


def _compare(
    kind: str, page: list[dict[str, Any]], ours: dict[str, str], since: dt.datetime
) -> Iterator[Difference]:
    owners = _owners(page)
    for body in page:
        owner, amount, paid = owners.get(body["id"], (None, 0, 0))
        created = moment(body.get("created")) or since  # listed as made after that
        age = utcnow() - created
        if owner is None or age.total_seconds() <= internal_payments.POSTED_WITHIN_SECONDS:
            continue
        state = ours.get(body["id"])
        if state is None and is_release(body, amount, paid):
            continue
        theirs = _state(body, state, is_dispute=kind == _DISPUTE)
        if state != theirs:
            details = {"at_stripe": theirs, "here": state, "intent": names_of(body)[0]}
            yield Difference(kind, body["id"], created, owner, details)


def _state(body: dict[str, Any], here: str | None, *, is_dispute: bool) -> str:
    """Where Stripe has it. A status that we do not know differs from none of ours."""
    unknown = (here or "unknown").partition(", ")[0]
    status = known(body.get("status"), STATES if is_dispute else AT_STRIPE) or unknown
    return f"{status}, {_funds(body)}" if is_dispute else status


def _funds(body: dict[str, Any]) -> str:
    try:
        return funds_of(body)
    except UnreadableError:
        return "unreadable"


def _refund_states(page: list[dict[str, Any]]) -> dict[str, str]:
    ids = [body["id"] for body in page]
    rows = db.session.execute(
        select(Refund.stripe_refund_id, Refund.state, Refund.error_code, Refund.stripe_data).where(
            Refund.stripe_refund_id.in_(ids)
        )
    ).all()
    db.session.commit()  # no connection is held while Stripe is read
    # What was never paid was not given back either, whatever it is called at Stripe.
    never_paid = {row[0]: as_object(row[3]) for row in rows if row[2] == NEVER_PAID_CODE}
    return {
        row[0] or "": str(never_paid[row[0]].get("status")) if row[0] in never_paid else row[1]
        for row in rows
    }


def _dispute_states(page: list[dict[str, Any]]) -> dict[str, str]:
    ids = [body["id"] for body in page]
    rows = db.session.execute(
        select(Dispute.stripe_dispute_id, Dispute.state, Dispute.funds).where(
            Dispute.stripe_dispute_id.in_(ids)
        )
    ).all()
    db.session.commit()
    return {row[0]: f"{row[1]}, {row[2]}" for row in rows}


def _owners(page: list[dict[str, Any]]) -> dict[str, tuple[str, int, int]]:
    """Our payment of each refund or dispute, by its intent, else by its charge: id, what was asked
    for, what was paid."""
    names = {body["id"]: names_of(body) for body in page}
    intents = {intent for intent, _ in names.values() if intent}
    charges = {charge for intent, charge in names.values() if charge and not intent}
    of_payment = (Transaction.id, Transaction.amount, Transaction.paid)
    by_intent = select(Transaction.stripe_payment_id, *of_payment).where(
        Transaction.stripe_payment_id.in_(intents)
    )
    by_charge = select(charge_id, *of_payment).where(charge_id.in_(charges))
    rows = [*db.session.execute(by_intent), *db.session.execute(by_charge)]
    db.session.commit()
    ours = {name: (id_, amount, paid) for name, id_, amount, paid in rows if name}
    owners = {id_: ours.get(intent or charge or "") for id_, (intent, charge) in names.items()}
    return {id_: owner for id_, owner in owners.items() if owner}
