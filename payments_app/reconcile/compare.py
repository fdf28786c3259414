"""compare: Stripe's intents, our transactions and the ledger, side by side.

A comparison that could not read the whole of Stripe's list closes nothing. A difference with
Stripe counts only if it is still there when the intent and the row are read once more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.gateway.charges import retrieve_intent
from payments_app.gateway.listing import intents_created
from payments_app.gateway.pages import in_time
from payments_app.gateway.results import Answer, UnreadableError, Verdict
from payments_app.merchants.accounts import DEAUTHORIZED
from payments_app.payments.connect.account import DIRECT_ACCOUNT
from payments_app.payments.models import Transaction
from payments_app.reconcile import (
    compare_movements,
    compare_payouts,
    compare_refunds_and_disputes,
    internal_ledger,
    internal_payments,
    internal_payouts,
    internal_refunds_and_disputes,
    internal_settlement,
    internal_shares,
    internal_told,
)
from payments_app.reconcile.classify import Ours, classify
from payments_app.reconcile.findings import Difference, keep
from payments_app.reconcile.models import Run
from payments_app.reconcile.rows import complete, match, rows_of

# An intent is created up to 15 minutes after its transaction, and Stripe's clock is not ours.
MARGIN = dt.timedelta(minutes=30)
MOST_SECONDS = 200.0  # of reading accounts: a message may take 290
_NO_INTENT = Answer("none", Verdict.INVALID)  # of a payment that names none: nothing to ask for
# The comparisons of our own tables with each other.
_INSIDE = (
    internal_payments,
    internal_refunds_and_disputes,
    internal_ledger,
    internal_shares,
    internal_settlement,
    internal_payouts,
    internal_told,
)


@dataclass
class _Stripes:
    """What was read at Stripe: ids of all intents listed, and the differences that they show."""

    intents: set[str]
    differences: list[Difference]


def compare(since: dt.datetime, until: dt.datetime, *, without: Collection[str] = ()) -> int:
    """Compare the payments begun in [since, until) and store each difference as a finding; but not
    those on merchants' accounts `without` which the rest is to be compared.

    Returns how many there are. Raises UnreadableError where Stripe could not be read: our own
    account's list, having stored nothing but the broken run; another, the payouts or one payment
    alone, having stored what the rest shows, and closed nothing. An account that takes longer than
    half of the time that is left keeps none that comes after it from being read: it is unread.
    """
    run_id, unread = _begin(since, until), list[UnreadableError]()
    ends = monotonic() + MOST_SECONDS
    try:
        read = _Stripes(set(), [])
        accounts = [each for each in _accounts(since, until) if each not in without]
        for place, account in enumerate(list(accounts), 1 - len(accounts)):
            share = 2 if place else 1  # the last one may take all that is left
            try:
                with in_time((ends - monotonic()) / share):
                    _read_account(read, since, until, account)
            except UnreadableError as error:
                if account is None:
                    raise
                unread.append(error)
                accounts.remove(account)
        _read_on(read, unread, lambda: compare_payouts.differences(since, until))
        for account, rows in complete(since, until).items():
            if account in accounts:
                _read_on(read, unread, partial(_unlisted, rows, read.intents, account))
    except UnreadableError as error:
        _break_off(run_id, str(error))
        raise
    found = _conclude(run_id, read, whole=not unread)
    if unread:
        _break_off(run_id, str(unread[0]))
        raise unread[0]
    return found


def _read_account(
    read: _Stripes, since: dt.datetime, until: dt.datetime, account: str | None
) -> None:
    """Add what one account shows, or nothing of it. Raises UnreadableError."""
    intents, differences = set[str](), list[Difference]()
    for page in intents_created(since - MARGIN, until + MARGIN, account):
        intents |= {intent["id"] for intent in page}
        differences += _page_differences(page, since, until, account)
    differences += compare_refunds_and_disputes.differences(since, until, account)
    differences += compare_movements.differences(since, until, account)
    read.intents |= intents
    read.differences += differences


def _read_on(
    read: _Stripes, unread: list[UnreadableError], differences: Callable[[], Iterator[Difference]]
) -> None:
    """Add these, or none of them where Stripe could not be read: then go on."""
    try:
        read.differences += list(differences())
    except UnreadableError as error:
        unread.append(error)


def _page_differences(
    page: list[dict[str, Any]], since: dt.datetime, until: dt.datetime, account: str | None
) -> Iterator[Difference]:
    rows = rows_of(page)
    for intent in page:
        ours = match(intent, rows)
        if ours is None and account is not None:
            continue  # on a merchant's own account most intents are the merchant's
        for suspected in classify(intent, ours, since):
            if since <= suspected.about_at < until:
                yield from _confirmed(suspected, intent["id"], account, since)


def _confirmed(
    suspected: Difference, intent_id: str, account: str | None, since: dt.datetime
) -> Iterator[Difference]:
    answer = retrieve_intent(intent_id, account)
    if not answer.was_read:
        raise UnreadableError(answer.verdict, answer.error or {})
    intent = answer.expect_body()
    ours = match(intent, rows_of([intent]))
    yield from (d for d in classify(intent, ours, since) if d.kind == suspected.kind)


def _unlisted(rows: list[Ours], listed: set[str], account: str | None) -> Iterator[Difference]:
    """Payments that are complete here, and were not in the account's list."""
    for ours in rows:
        if ours.stripe_payment_id in listed:
            continue
        answer = _NO_INTENT
        if ours.stripe_payment_id:
            answer = retrieve_intent(ours.stripe_payment_id, account)
        if answer.was_read:
            yield from classify(answer.expect_body(), ours)
        elif answer.verdict == Verdict.INVALID:
            yield Difference(
                "complete_here_not_at_stripe",
                ours.id,
                ours.created_at,
                ours.id,
                {"intent": ours.stripe_payment_id, "at_stripe": "nothing", "here": ours.phase},
            )
        else:
            raise UnreadableError(answer.verdict, answer.error or {})


def _accounts(since: dt.datetime, until: dt.datetime) -> list[str | None]:
    """Our own account, and those on which payments of this window were made. A merchant who left
    lets us read nothing any more, and must not keep the others from being compared."""
    connected = db.session.scalars(
        select(DIRECT_ACCOUNT)
        .where(
            Transaction.created_at >= since,
            Transaction.created_at < until,
            DIRECT_ACCOUNT.is_not(None),
            DIRECT_ACCOUNT.not_in(DEAUTHORIZED),
        )
        .distinct()
    ).all()
    db.session.commit()
    return [None, *connected]


@atomic
def _begin(session: Session, since: dt.datetime, until: dt.datetime) -> int:
    run = Run(since=since, until=until)
    session.add(run)
    session.flush()
    return run.id


@atomic
def _break_off(session: Session, run_id: int, error: str) -> None:
    session.get_one(Run, run_id).error = error


@atomic
def _conclude(session: Session, run_id: int, read: _Stripes, *, whole: bool) -> int:
    run = session.get_one(Run, run_id, with_for_update=True)
    own = [
        difference
        for comparison in _INSIDE
        for difference in comparison.differences(session, run.since, run.until)
    ]
    run.found = keep(session, [*read.differences, *own], run, whole=whole)
    run.intents = len(read.intents)
    run.finished_at = database_now() if whole else None
    return run.found
