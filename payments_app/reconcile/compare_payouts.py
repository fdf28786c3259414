"""compare_payouts: the payouts that Stripe made, and ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.money import code_of
from payments_app.gateway.numbers import moment
from payments_app.gateway.payouts import payouts_created
from payments_app.gateway.words import word
from payments_app.reconcile import internal_payments
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.models import Payout
from payments_app.reconcile.read_payout import READ
from payments_app.reconcile.values import money


def differences(since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """Those made at Stripe in [since, until) that are otherwise here, or not: of these we asked to
    be told first. Raises UnreadableError."""
    for page in payouts_created(since, until):
        here = _here([body["id"] for body in page])
        for body in page:
            created = moment(body.get("created")) or since
            age = (utcnow() - created).total_seconds()
            if age <= internal_payments.POSTED_WITHIN_SECONDS:
                continue
            theirs = _say(body.get("amount"), body.get("currency"), body.get("status"))
            ours = here.get(body["id"])
            if theirs != ours and (ours or not _ask(body["id"])):
                about = {"at_stripe": theirs, "here": ours or "nothing"}
                yield Difference("payout_not_here", body["id"], created, None, about)


def _say(amount: Any, currency: Any, status: Any) -> str:
    return f"{money(amount, code_of(currency) or currency)}, {word(status) or 'unknown'}"


@atomic
def _here(session: Session, ids: list[str]) -> dict[str, str]:
    rows = session.execute(
        select(Payout.id, Payout.amount, Payout.currency, Payout.status).where(Payout.id.in_(ids))
    )
    return {row[0]: _say(*row[1:]) for row in rows}


@atomic
def _ask(session: Session, payout_id: str) -> bool:
    """Have one that is not here read, once."""
    return outbox.stage(session, READ, payout_id, key=f"{READ}:{payout_id}:not_here")
