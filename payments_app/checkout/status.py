"""A transaction as its buyer may read it: the status resource, and what the pages show."""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from payments_app.checkout.status_row import PollRow, StatusRow
from payments_app.core.db.clock import rfc3339, utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import reference
from payments_app.core.reader_time import time_of
from payments_app.core.web.headers import PRIVATE
from payments_app.core.web.links import on_site
from payments_app.gateway.declines import buyer_sentence, public_code
from payments_app.payments.payable import checkout_path, find_payable, payable_kinds, terms_of
from payments_app.payments.phases import Phase, State
from payments_app.payments.queries import payable_of
from payments_app.payments.said import said
from payments_app.payments.truth import truth_of

FIRST_POLL_MS = 100  # after the page is shown, or the payment made
_LAST_POLL_MS = 5000
# While so many milliseconds are quiet, the next question comes so many later: 4 questions for a
# payment of 1 s and 16 for one of 30 s at most, and nothing of the first 10 s is learnt 1.3 s late.
_PACE_MS = ((1_000, 300), (10_000, 1_125))


def status_of(transaction: StatusRow, url: str) -> dict[str, Any]:
    """The status as JSON, with the `url` that it is read at: what whoever knows the id may read."""
    complete = transaction.state == State.COMPLETE
    return {
        "id": transaction.id,
        "reference": reference(transaction.id),
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
        "next_poll_ms": next_poll_ms(transaction),
        "attempt": transaction.attempt,
        "keeps_card": transaction.sets_up,
        "created_at": rfc3339(transaction.created_at),
        "url": url,
    }


def own_status_of(session: Session, transaction: StatusRow, url: str) -> dict[str, Any]:
    """The same for the browser that made it, and for nobody else: it holds e-mail, card, Stripe's
    id, links, and the client secret while the bank asks."""
    return status_of(transaction, url) | _personal(session, transaction)


def headers_of(transaction: PollRow, wait_ms: int | None) -> dict[str, str]:
    """What every answer says of a status, also one that has no body: `wait_ms` is `next_poll_ms`
    of it."""
    said = {
        "Cache-Control": PRIVATE,
        "ETag": etag_of(transaction),
        "Vary": "Accept, Accept-Language, Cookie",
        "X-Robots-Tag": "noindex",
    }
    if wait_ms is None:
        return said
    return said | {"Retry-After": str(math.ceil(wait_ms / 1000)), "X-Next-Poll-Ms": str(wait_ms)}


def etag_of(transaction: PollRow) -> str:
    """It changes with the version, and with nothing else."""
    return f'W/"{transaction.version}"'


def _error(transaction: StatusRow) -> dict[str, Any] | None:
    """In a buyer's words: Stripe's raw text is for staff."""
    if transaction.state != State.FAILED:
        return None
    error = as_object(transaction.error)
    _, sentence = buyer_sentence(error, transaction.phase, free=not transaction.amount)
    kind = error.get("type") or transaction.phase
    return {"message": sentence, "code": public_code(error), "type": kind}


def _personal(session: Session, transaction: StatusRow) -> dict[str, Any]:
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
        thanks = url_for("checkout.thankyou", transaction=transaction.id)
        personal["thankyou_url"] = way_back(session, transaction, paid=True) or thanks
        personal["download_url"] = _download(session, transaction)
        personal["terms"] = terms_of(session, transaction.id, transaction.amount)
    may_pay = "pay_again" not in truth_of(transaction).closed
    named = payable_of(session, transaction.id) if may_pay else None
    # What is not known here, or gone, has no page to pay for it again.
    if named and named[0] in payable_kinds() and (path := checkout_path(session, *named)):
        personal["try_again_url"] = on_site(path)
    return personal


def way_back(session: Session, transaction: StatusRow, *, paid: bool) -> str | None:
    """Where whoever asked for this payment wants its buyer back, once it is paid or where they do
    not try again."""
    payable = payable_of(session, transaction.id)
    found = find_payable(session, payable[1]) if payable else None
    return said(lambda: found.way_back(paid=paid), None) if found is not None else None


def _download(session: Session, transaction: StatusRow) -> str | None:
    """A new link to the file that was bought, if it was one."""
    payable = payable_of(session, transaction.id)
    kind = payable_kinds().get(payable[0]) if payable else None
    if kind is None or payable is None:
        return None
    return said(lambda: kind.download_url(session, payable[1]), None)


def _card(transaction: StatusRow) -> dict[str, str] | None:
    if not transaction.card_last4:
        return None
    return {"brand": transaction.card_brand or "card", "last4": transaction.card_last4}


def seconds_since(moment: dt.datetime) -> float:
    """By this process's clock, and never negative: it only paces a page."""
    return max(0.0, (utcnow() - moment).total_seconds())


def next_poll_ms(transaction: PollRow) -> int | None:
    """With a tenth of jitter, so that pages shown together ask apart; None when all is said."""
    if transaction.state != State.PENDING:
        return None
    pace = pace_ms(seconds_since(transaction.phase_at) * 1000)
    return int(min(_LAST_POLL_MS, pace * random.uniform(1, 1.1)))  # noqa: S311 - jitter


def pace_ms(quiet: float) -> int:
    """How long to wait, at least, when nothing happened for `quiet` milliseconds."""
    return next((wait for until, wait in _PACE_MS if quiet < until), _LAST_POLL_MS)


def local_time(moment: dt.datetime, zone: str | None) -> str:
    """As a receipt says it: "Nov 22, 2026, 2:28 PM UTC", in the buyer's zone; in the business's
    where that is not known."""
    return time_of(moment, "%b %-d, %Y, %-I:%M %p %Z", zone)
