"""compare_refunds_and_disputes: those that Stripe has, and ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from payments_app.core.db.clock import utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.extensions import db
from payments_app.core.money import code_of
from payments_app.gateway.listing import disputes_created, refunds_created
from payments_app.gateway.numbers import moment
from payments_app.gateway.refunds import retrieve_refund
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.gateway.words import known
from payments_app.payments.connect.account import DIRECT_ACCOUNT
from payments_app.payments.disputes.models import STATES, Dispute
from payments_app.payments.disputes.refresh import funds_of
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_id, names_of
from payments_app.payments.refunds.import_refunds import NEVER_PAID_CODE
from payments_app.payments.refunds.models import AT_STRIPE, Refund, RefundState
from payments_app.payments.transactions.received import is_release
from payments_app.reconcile import internal_payments
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.values import money

_REFUND, _DISPUTE = "refund", "dispute"


def differences(
    since: dt.datetime, until: dt.datetime, account: str | None
) -> Iterator[Difference]:
    """What differs among the refunds and disputes made at Stripe in [since, until).

    What is new there is on its way to us, and what is about no payment of ours is not ours to
    keep. Raises UnreadableError.
    """
    listed: set[str] = set()
    for page in refunds_created(since, until, account):
        listed |= {body["id"] for body in page}
        yield from _compare(_REFUND, page, _refunds_here(page), since)
    yield from _unlisted(since, until, account, listed)
    for page in disputes_created(since, until, account):
        yield from _compare(_DISPUTE, page, _disputes_here(page), since)


@dataclass(frozen=True)
class _Here:
    """One of ours: where it stands, in a word that Stripe would say, and how much it is of."""

    state: str
    amount: int
    currency: str

    @property
    def money(self) -> tuple[int, str]:
        return self.amount, self.currency


def _compare(
    what: str, page: list[dict[str, Any]], ours: dict[str, _Here], since: dt.datetime
) -> Iterator[Difference]:
    owners = _owners(page)
    for body in page:
        owner, amount, paid = owners.get(body["id"], (None, 0, 0))
        created = moment(body.get("created")) or since  # listed as made after that
        age = utcnow() - created
        if owner is None or age.total_seconds() <= internal_payments.POSTED_WITHIN_SECONDS:
            continue
        here = ours.get(body["id"])
        if here is None and is_release(body, amount, paid):
            continue
        about = {"intent": names_of(body)[0]}
        theirs = _state(body, here.state if here else None, is_dispute=what == _DISPUTE)
        if here is None or here.state != theirs:
            sides = {"at_stripe": theirs, "here": here.state if here else "nothing"}
            yield Difference(f"{what}_differs", body["id"], created, owner, about | sides)
        if here is not None and here.money != _money_of(body):
            sides = {"at_stripe": money(*_money_of(body)), "here": money(*here.money)}
            yield Difference(f"{what}_amount_differs", body["id"], created, owner, about | sides)


def _money_of(body: dict[str, Any]) -> tuple[Any, Any]:
    return body.get("amount"), code_of(body.get("currency")) or body.get("currency")


def _unlisted(
    since: dt.datetime, until: dt.datetime, account: str | None, listed: set[str]
) -> Iterator[Difference]:
    """Refunds that are made here, and were not in Stripe's list."""
    rows = db.session.execute(
        select(Refund.stripe_refund_id, Refund.created_at, Refund.transaction_id, Refund.state)
        .join(Transaction, Transaction.id == Refund.transaction_id)
        .where(
            Refund.created_at >= since,
            Refund.created_at < until,
            Refund.state == RefundState.SUCCEEDED,
            DIRECT_ACCOUNT.is_not_distinct_from(account),
        )
    ).all()
    db.session.commit()  # no connection is held while Stripe is read
    for stripe_id, created, owner, state in rows:
        if stripe_id is None or stripe_id in listed:
            continue
        answer = retrieve_refund(stripe_id, account)
        if answer.verdict == Verdict.INVALID:
            about = {"refund": stripe_id, "at_stripe": "nothing", "here": state}
            yield Difference("refund_not_at_stripe", stripe_id, created, owner, about)
        elif not answer.was_read:
            raise UnreadableError(answer.verdict, answer.error or {})


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


def _refunds_here(page: list[dict[str, Any]]) -> dict[str, _Here]:
    rows = db.session.scalars(
        select(Refund).where(Refund.stripe_refund_id.in_([body["id"] for body in page])),
        execution_options={"populate_existing": True},
    ).all()
    here = {}
    for row in rows:
        # What was never paid was not given back either, whatever it is called at Stripe.
        never_paid = row.error_code == NEVER_PAID_CODE
        state = str(as_object(row.stripe_data).get("status")) if never_paid else row.state
        here[row.stripe_refund_id or ""] = _Here(state, row.amount, row.currency)
    db.session.commit()  # no connection is held while Stripe is read
    return here


def _disputes_here(page: list[dict[str, Any]]) -> dict[str, _Here]:
    rows = db.session.execute(
        select(
            Dispute.stripe_dispute_id,
            Dispute.state,
            Dispute.funds,
            Dispute.amount,
            Dispute.currency,
        ).where(Dispute.stripe_dispute_id.in_([body["id"] for body in page]))
    ).all()
    db.session.commit()
    return {row[0]: _Here(f"{row[1]}, {row[2]}", row[3], row[4]) for row in rows}


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
