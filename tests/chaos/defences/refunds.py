"""Refunds, retries, and what the buyer is told: once each, and only what is true."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from payments_app.core.extensions import db
from payments_app.notices import receipts
from payments_app.notices.models import Mail
from payments_app.payments.refunds import refund_snapshot
from payments_app.payments.refunds import request as refund
from payments_app.payments.refunds.request import RefundRefusedError, request_refund
from payments_app.payments.retries import charge as retry_charge
from payments_app.payments.retries.request import request_retry
from payments_app.payments.transactions import supersede
from tests.chaos import payments
from tests.chaos.defences.defence import Defence, Patch, at_once_and_drained
from tests.chaos.lab import Lab
from tests.chaos.strikes import broken_after, overtake


def refund_overtaken(lab: Lab) -> list[str]:
    return broken_after(lab, payments.a_refund_in_part, overtake(lab))


def refunded_too_much(lab: Lab) -> list[str]:
    paid = lab.driver.pay()
    try:
        request_refund(paid, 5000, reason="too much", actor="ada")
    except RefundRefusedError:
        return []
    except DBAPIError:
        return ["only the database refused to give back more than was paid"]
    return at_once_and_drained(lab)


def retried_though_paid(lab: Lab) -> list[str]:
    """The first attempt was paid at Stripe, and nobody heard of it."""
    failed = payments.declined_with_a_saved_card(lab)
    lab.driver.confirm_behind_our_back(failed, "pm_card_visa")
    payments.mend_saved_card(lab, failed)
    request_retry(failed, "ada")
    lab.work()
    return at_once_and_drained(lab)


def declined_then_paid(lab: Lab) -> list[str]:
    """Nobody is told of the failure after the success."""
    payments.another_card_after_a_decline(lab)
    lab.finish()
    told = db.session.scalars(select(Mail.key).where(Mail.kind == "payment_failed")).all()
    return ["a failure was told after the success"] if told else []


def _random_refund_keys(patch: Patch) -> None:
    patch.setattr(refund_snapshot.RefundSnapshot, "key", property(lambda _: secrets.token_hex(16)))


def _asks_nobody(patch: Patch) -> None:
    """Behind the retry's question stands the charge's own, about each earlier attempt."""
    patch.setattr(supersede, "cancel_at_stripe", lambda *_: True)
    patch.setattr(retry_charge, "ask", lambda *_: None)


DEFENCES = (
    Defence("a refund's key is its own", _random_refund_keys, refund_overtaken),
    Defence(
        "a refund fits what was paid",
        lambda patch: patch.setattr(refund, "why_not", lambda *_: None),
        refunded_too_much,
    ),
    Defence("a retry asks Stripe first", _asks_nobody, retried_though_paid),
    Defence(
        "a failure that stands no more is not told",
        lambda patch: patch.setattr(receipts, "failure_stands", lambda *_: True),
        declined_then_paid,
    ),
)
