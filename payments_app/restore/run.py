"""run: bring a restored database to what Stripe knows, and compare. Safe to run again: what is
known already is left as it is."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import history, restores
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.gateway import breaker
from payments_app.gateway.listing import accounts_created
from payments_app.gateway.own_account import check_account
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.inbound.lost import last_known
from payments_app.merchants.models import ConnectedAccount
from payments_app.reconcile.compare import compare
from payments_app.restore.follow import follow
from payments_app.restore.payments import Payments
from payments_app.restore.refunds_and_disputes import RefundsAndDisputes
from payments_app.restore.todo import todo_of

MARGIN = dt.timedelta(hours=1)  # before the backup: what was just under way then
_AHEAD = dt.timedelta(minutes=5)  # Stripe's clock is not ours
# What is told or handed over once the shop is open, in words.
HELD = {
    "notices.receipt": "receipts",
    "notices.payment_failed": "notices of a failed payment",
    "notices.announce_payment": "events to merchants about payments",
    "notices.announce_refund": "events to merchants about refunds",
    "notices.announce_consent": "events to applications about consents that ended",
    "orders.on_payment": "orders to look at, and to hand over where they are paid",
    "orders.fulfil": "orders to hand over",
    "downloads.on_payment": "downloads to hand over",
}


class NotRestoredError(RuntimeError):
    """No restore is open."""


@dataclass
class Report:
    """What a run came to. `differences` is what the comparison still finds, `held` what waits for
    a person's yes, `todo` what a person must do."""

    since: dt.datetime
    counts: Counter[str] = field(default_factory=Counter)
    differences: int = 0
    held: dict[str, int] = field(default_factory=dict)
    todo: list[str] = field(default_factory=list)


def begin(
    backup_taken: dt.datetime | None, *, is_sure: Callable[[], bool] = lambda: True
) -> dt.datetime:
    """Close the shop, if it is open; the moment from which on Stripe is read. Without
    `backup_taken` it is the last one that the database knows, by its own jobs or by Stripe.

    Asks `is_sure` where nothing says that the database was restored. Raises NotRestoredError where
    it was not, and UnreadableError.
    """
    breaker.forget()
    at_stripe = last_known() if backup_taken is None else None
    if backup_taken is None and at_stripe is None and not _is_closed() and not is_sure():
        raise NotRestoredError("This database was not restored")
    return _begin(backup_taken, at_stripe)


def run() -> Report:
    """All of it, while the shop is closed. Raises UnreadableError where Stripe could not be read
    (run it again), OtherAccountError, and NotRestoredError where no restore is open."""
    check_account()
    since, begun_at = _window()
    until = utcnow() + _AHEAD
    report, payments, went_back = Report(since), Payments(), RefundsAndDisputes()
    payments.take_in_open()
    went_back.take_in_open()
    for account in _accounts():
        with payments.reading(account):
            payments.take_in(since, until, account)
            went_back.take_in(since, until, account)
    report.todo = [
        f"{account} can't be read at Stripe: look whether it left us."
        for account in sorted(payments.unread)
    ]
    report.todo += _merchants_who_are_not_here(since, until)
    report.counts = payments.counts
    report.counts["payments looked at for refunds and disputes"] = len(went_back.looked_at)
    report.counts["steps of our own books done"] = follow()
    report.differences = compare(since, until, without=payments.unread)
    report.todo += payments.todo + went_back.todo + todo_of(begun_at)
    report.held = held()
    return report


def _merchants_who_are_not_here(since: dt.datetime, until: dt.datetime) -> list[str]:
    """A sentence for each account that was connected after the backup: nothing here says whose it
    is, so that its sales can't be taken in. A platform that Stripe lists none for has none."""
    known = set(_accounts())
    try:
        found = [account for account in accounts_created(since, until) if account not in known]
    except UnreadableError as error:
        if error.verdict != Verdict.INVALID:
            raise
        return []
    return [
        f"{account} was connected after the backup, and its merchant is not here: look at Stripe "
        "for its sales since then, which were not taken in."
        for account in found
    ]


@atomic
def open_shop(session: Session, actor: str) -> None:
    """A person said yes: forms are taken again, and all that was held goes on."""
    restore = restores.open_restore(session)
    if restore is None:
        return
    restore.opened_at, restore.opened_by = utcnow(), actor
    history.record(session, "system", "restore.opened", actor=actor)


@atomic
def held(session: Session) -> dict[str, int]:
    """How many messages of each kind wait to tell or hand over, by their words."""
    counted = session.execute(
        select(Message.command, func.count())
        .where(Message.command.in_(HELD), *OPEN)
        .group_by(Message.command)
    )
    return {HELD[command]: count for command, count in counted}


@atomic
def _is_closed(session: Session) -> bool:
    return restores.open_restore(session) is not None


@atomic
def _begin(
    session: Session, backup_taken: dt.datetime | None, at_stripe: dt.datetime | None
) -> dt.datetime:
    last = session.scalar(select(func.max(Message.created_at)))
    known = [moment for moment in (last, at_stripe) if moment is not None]
    moment = backup_taken or min(known, default=utcnow())
    if restores.begin(session, moment, "flask restore"):
        history.record(session, "system", "restore.begun", backup_taken=moment.isoformat())
        return moment
    restore = restores.open_restore(session)
    if restore is None:
        raise NotRestoredError("Somebody opened the shop just now")
    if backup_taken is not None:
        restore.backup_taken = backup_taken
    return restore.backup_taken


@atomic
def _window(session: Session) -> tuple[dt.datetime, dt.datetime]:
    restore = restores.open_restore(session)
    if restore is None:
        raise NotRestoredError("No restore is open")
    return restore.backup_taken - MARGIN, restore.begun_at


@atomic
def _accounts(session: Session) -> list[str | None]:
    """Our own account, and each merchant's that lets us read."""
    connected = session.scalars(
        select(ConnectedAccount.stripe_account_id).where(
            ConnectedAccount.stripe_account_id.is_not(None),
            ConnectedAccount.deauthorized_at.is_(None),
        )
    )
    return [None, *connected]
