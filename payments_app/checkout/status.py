"""A transaction as its buyer may read it: the status resource, and what the pages show."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, url_for
from sqlalchemy.orm import Session

from payments_app.core.db.clock import in_zone, utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import looks_like_id
from payments_app.gateway.declines import buyer_sentence, public_code
from payments_app.payments.models import Transaction
from payments_app.payments.payable import find_payable, payable_kinds, terms_of
from payments_app.payments.phases import Phase, State
from payments_app.payments.queries import payable_of

FIRST_POLL_MS = 100  # after the page is shown, or the payment made
_LAST_POLL_MS = 5000
# While so many milliseconds are quiet, the next question comes so many later: 4 questions for a
# payment of 1 s and 16 for one of 30 s at most, and nothing of the first 10 s is learnt 1.3 s late.
_PACE_MS = ((1_000, 300), (10_000, 1_125))


def find(session: Session, transaction_id: str) -> Transaction | None:
    """The transaction of this id; what has not the shape of one never reaches the database."""
    if not looks_like_id(transaction_id, "txn"):
        return None
    return session.get(Transaction, transaction_id)


def status_of(session: Session, transaction: Transaction, *, mine: bool) -> dict[str, Any]:
    """The status as JSON. `mine`: whether the reader is the browser that made it; only then it
    holds e-mail, card, Stripe's id, links, and the client secret while the bank asks."""
    complete = transaction.state == State.COMPLETE
    status: dict[str, Any] = {
        "id": transaction.id,
        "reference": transaction.reference,
        "state": transaction.state,
        "phase": transaction.phase,
        "amount": transaction.amount,
        "currency": transaction.currency,
        "amount_text": str(transaction.money),
        "amount_received": transaction.paid if complete else None,
        "amount_received_text": str(transaction.money_paid) if complete else None,
        "description": transaction.description,
        "error": _error(transaction),
        "version": transaction.version,
        "next_poll_ms": _next_poll_ms(transaction),
        "attempt": transaction.attempt,
        "keeps_card": transaction.sets_up,
        "created_at": transaction.created_at.isoformat(),
        "url": url_for("checkout.show", transaction_id=transaction.id),
    }
    return status | _personal(session, transaction) if mine else status


def _error(transaction: Transaction) -> dict[str, Any] | None:
    """In a buyer's words: Stripe's raw text is for staff."""
    if transaction.state != State.FAILED:
        return None
    error = as_object(transaction.error)
    _, sentence = buyer_sentence(error, transaction.phase)
    kind = error.get("type") or transaction.phase
    return {"message": sentence, "code": public_code(error), "type": kind}


def _personal(session: Session, transaction: Transaction) -> dict[str, Any]:
    personal: dict[str, Any] = {
        "email": transaction.email,
        "stripe_payment_id": transaction.stripe_payment_id,
        "card": _card(transaction),
        "thankyou_url": None,
        "try_again_url": None,
    }
    if transaction.phase == Phase.REQUIRES_ACTION:
        personal["client_secret"] = transaction.client_secret
    if transaction.state == State.COMPLETE:
        personal["thankyou_url"] = url_for("checkout.thankyou", transaction=transaction.id)
        personal["download_url"] = _download(session, transaction)
        personal["terms"] = terms_of(session, transaction)
    payable = payable_of(session, transaction.id) if transaction.state == State.FAILED else None
    # What is not known here, or gone, has no page to pay for it again.
    if payable is not None and find_payable(session, payable[1]) is not None:
        personal["try_again_url"] = url_for("checkout.form", item=payable[1])
    return personal


def _download(session: Session, transaction: Transaction) -> str | None:
    """A new link to the file that was bought, if it was one."""
    payable = payable_of(session, transaction.id)
    kind = payable_kinds().get(payable[0]) if payable else None
    return kind.download_url(session, payable[1]) if kind and payable else None


def _card(transaction: Transaction) -> dict[str, str] | None:
    if not transaction.card_last4:
        return None
    return {"brand": transaction.card_brand or "card", "last4": transaction.card_last4}


def seconds_since(moment: dt.datetime) -> float:
    """By this process's clock, and never negative: it only paces a page."""
    return max(0.0, (utcnow() - moment).total_seconds())


def _next_poll_ms(transaction: Transaction) -> int | None:
    """With a tenth of jitter, so that pages shown together ask apart; None when all is said."""
    if transaction.state != State.PENDING:
        return None
    pace = pace_ms(seconds_since(transaction.phase_at) * 1000)
    return int(min(_LAST_POLL_MS, pace * random.uniform(1, 1.1)))  # noqa: S311 - jitter


def pace_ms(quiet: float) -> int:
    """How long to wait, at least, when nothing happened for `quiet` milliseconds."""
    return next((wait for until, wait in _PACE_MS if quiet < until), _LAST_POLL_MS)


def local_time(moment: dt.datetime) -> str:
    """As a receipt says it: "Nov 22, 2026, 2:28 PM UTC", in the business's time zone."""
    there = in_zone(moment, ZoneInfo(current_app.config["CONFIG"].business_timezone))
    return f"{there:%b} {there.day}, {there.year}, {there:%I:%M %p %Z}".replace(", 0", ", ")
