"""leave: whether a payment may still be taken, as things are now.

A payment may wait for Stripe, and its owner may remove the card or end what is paid for meanwhile.
"""

from __future__ import annotations

import datetime as dt
import logging
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, column, false, or_, select, table, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.jobs.command import Later
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import NotPayableError, Payable, find_payable, payable_kinds
from payments_app.payments.queries import joined
from payments_app.payments.said import said

log = logging.getLogger(__name__)

# By its name: the customers' package is above this one.
_CARDS = table("pay_saved_cards", column("payment_method"), column("removed_at"))
PASSED_ON_SECONDS = 2.0  # a buyer waits, and another worker may know what they pay for
UNKNOWN_KIND_SECONDS = 30.0
CARD_REMOVED, ALREADY_BOUGHT = "card_removed", "already_bought"
_CARD_LEFT = "This card isn't charged any more. No payment was made."


def why_not_charged(
    session: Session, transaction: Transaction, now: dt.datetime
) -> dict[str, Any] | Later | None:
    """The error that a transaction ends with where it was to be charged without its owner, and
    may not be any more, or to a card that has paid for as many of it as it may; None where it may
    be. It only asks, and changes nothing. What to wait for, where its host's code fails at what it
    is asked: then nobody knows whether it may be charged."""
    try:
        return _why_not_charged(session, transaction)
    except DBAPIError:
        raise
    except Exception:
        log.exception("a payable failed at what it was asked")
        return _wait(session, transaction, now, _FAILS)


def _why_not_charged(session: Session, transaction: Transaction) -> dict[str, Any] | None:
    card = transaction.card_fingerprint  # known before it is charged where it was asked for
    if not transaction.off_session and card is None:
        return None
    paid_for = session.scalar(joined(transaction.id, Role.PAYS_FOR))
    payable = find_payable(session, paid_for) if paid_for else None
    if card and payable is not None and (words := payable.already_with(session, card)):
        return {"type": ALREADY_BOUGHT, "code": ALREADY_BOUGHT, "message": words}
    if not transaction.off_session:
        return None
    if was_removed(session, transaction) or (
        payable is not None
        and said(lambda: payable.card_again(transaction.payment_method or ""), None) is None
    ):
        return {"type": "withdrawn", "code": CARD_REMOVED, "message": _CARD_LEFT}
    return _refusal(session, payable, transaction.id) if payable is not None else None


def asks_for_card(transaction_id: str) -> ColumnElement[bool]:
    """Whether what a transaction pays for asks which card is to be charged."""
    mine = select(PaymentRecord.id).where(
        PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == Role.PAYS_FOR
    )
    asked = [
        mine.where(PaymentRecord.payable_type == name, asks).exists()
        for name, kind in payable_kinds().items()
        # Of a kind that fails at it each is asked: the others are charged all the same.
        if (asks := said(partial(kind.asks_for_card, PaymentRecord.payable_id), true())) is not None
    ]
    return or_(false(), *asked)


def unknown_kind(session: Session, transaction: Transaction, now: dt.datetime) -> Later | None:
    """What to wait for, where this process does not know what a locked payment is for: it can't
    ask that whether it still may be taken, and another process may. None where it can.

    A person is told where none has come in UNKNOWN_KIND_SECONDS."""
    kind = _kind_of(transaction)
    if kind is None or kind in payable_kinds():
        return None
    return _wait(session, transaction, now, _UNKNOWN)


_UNKNOWN = (
    "which this process does not know: it is not charged. Start a worker of charges from the "
    "release or application that knows it"
)
_FAILS = (
    "whose own code failed as it was asked whether this may still be charged: it is not charged. "
    "The log of the charges says why"
)


def _wait(session: Session, transaction: Transaction, now: dt.datetime, why: str) -> Later:
    """What to wait for, until the payment's own deadline; with an alert where it takes long."""
    kind, waited = _kind_of(transaction) or "", (now - transaction.created_at).total_seconds()
    if waited >= UNKNOWN_KIND_SECONDS:
        alerts.raise_alert(
            session,
            "unknown_kind",
            f"unknown_kind:{kind}",
            f"{transaction.id} is for a {kind}, {why}",
            severity="critical",
            transaction_id=transaction.id,
        )
    return pass_on(kind, waited)


def _kind_of(transaction: Transaction) -> str | None:
    kinds = (one.payable_type for one in transaction.records if one.role == Role.PAYS_FOR)
    return next(kinds, None)


def pass_on(kind: str, waited: float) -> Later:
    """Leave what is for this kind of payable to a process that can ask it, after `waited` seconds
    without one: soon again at first, since somebody waits."""
    seconds = PASSED_ON_SECONDS if waited < UNKNOWN_KIND_SECONDS else UNKNOWN_KIND_SECONDS
    return Later(seconds, f"this process can't ask a payable {kind!r}")


def was_removed(session: Session, transaction: Transaction) -> bool:
    """Whether the card's owner took back the leave to charge it."""
    removed = select(_CARDS.c.removed_at).where(
        _CARDS.c.payment_method == transaction.payment_method, _CARDS.c.removed_at.is_not(None)
    )
    return session.scalar(removed) is not None


def _refusal(session: Session, payable: Payable, transaction_id: str) -> dict[str, Any] | None:
    customer_id = session.scalars(joined(transaction_id, Role.CUSTOMER)).one()
    asked = session.begin_nested()
    try:
        payable.before_payment(session, customer_id)
        payable.reserve(session)
    except NotPayableError as error:
        return {
            "type": "withdrawn",
            "code": error.code,
            "message": f"{error.message} No payment was made.",
        }
    finally:
        asked.rollback()
    return None
