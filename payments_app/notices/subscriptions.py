"""subscriptions: friendly words about a bill that is not paid, a trial that ends, and the end.

Each is written once, and only while it is still true. Its link makes nobody known, since mails
are read days later: it leads to a page that takes another card, and on which whoever wants to pay
with the saved one asks for a sign-in link.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.command import Claim
from payments_app.core.language import Words, message
from payments_app.core.web import links
from payments_app.customers.models import Customer
from payments_app.gateway.declines import buyer_sentence
from payments_app.notices import mails
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.queries import active_attempt, attempts
from payments_app.subscriptions.final_bill import FinalBill
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.settlement import DISPUTE_LOST
from payments_app.subscriptions.tell import ENDED, last_entry, lines_of

_CHANGED = {
    "subscription.plan_changed": message("Your plan is now %(plan)s"),
    "subscription.ending": message("%(plan)s will end"),
    "subscription.ended": message("%(plan)s has ended"),
    "subscription.settled": message("Your credit of %(plan)s"),
    "subscription.paused": message("%(plan)s is paused"),
    "subscription.resumed": message("%(plan)s goes on"),
    "subscription.card": message("%(plan)s is charged to another card"),
}
_WHY = {DISPUTE_LOST: Words("Your bank gave you back a payment for it.")}


@atomic
def write_dunning(session: Session, period_id: str, _claim: Claim) -> None:
    """Runs after a bill that was not paid."""
    period = session.get_one(Period, period_id, populate_existing=True)
    subscription = period.subscription
    if period.paid_at is not None or subscription.status != SubscriptionStatus.PAST_DUE:
        return
    last = _last_try(session, period_id)
    why = buyer_sentence(last.error, last.phase)[1] if last else _why_not_tried(subscription)
    subject = Words(
        "Please pay %(amount)s for %(plan)s", amount=period.price, plan=subscription.plan.name
    )
    about = f"{period.id}_{period.step}"
    write_of_subscription(session, "dunning", about, subscription, subject, period, why=why)


@atomic
def write_ended(session: Session, period_id: str, _claim: Claim) -> None:
    """Runs after the last try."""
    period = session.get_one(Period, period_id, populate_existing=True)
    theirs = period.subscription
    subject = Words("Your subscription to %(plan)s has ended", plan=theirs.plan.name)
    last = last_entry(session, theirs.id, ENDED)
    write_of_subscription(
        session,
        "subscription_ended",
        period.id,
        theirs,
        subject,
        period,
        lines=lines_of(session, theirs, last),
        bill=_bill(session, last),
    )


@atomic
def write_changed(session: Session, entry_id: str, _claim: Claim) -> None:
    """Runs after a change, by its entry in the history: the lines that were read before it."""
    entry = session.get_one(HistoryEntry, int(entry_id))
    theirs = session.get_one(Subscription, entry.subject, populate_existing=True)
    subject = Words(_CHANGED[entry.what], plan=entry.data["plan_name"])
    write_of_subscription(
        session,
        "subscription_changed",
        entry_id,
        theirs,
        subject,
        lines=lines_of(session, theirs, entry.data),
        why=_WHY.get(entry.data.get("why", "")),
        bill=_bill(session, entry.data),
    )


@atomic
def write_trial_ending(session: Session, subscription_id: str, _claim: Claim) -> None:
    """The command that comes a few days before a trial is over."""
    subscription = session.get_one(Subscription, subscription_id, populate_existing=True)
    if subscription.status == SubscriptionStatus.TRIALING and not subscription.cancel_at_period_end:
        subject = Words("Your free trial of %(plan)s ends soon", plan=subscription.plan.name)
        write_of_subscription(session, "trial_ending", subscription.id, subscription, subject)


def write_of_subscription(
    session: Session,
    kind: str,
    about: str,
    subscription: Subscription,
    subject: str,
    period: Period | None = None,
    **words: Any,
) -> None:
    """Write a mail of this kind to the subscriber, once for each `about`."""
    customer = session.get_one(Customer, subscription.customer_id)
    unpaid = kind == "dunning" and period is not None
    to = f"/checkout/{period.id}" if unpaid and period else "/account/subscriptions"
    mails.write(
        session,
        kind,
        about,
        customer.email,
        subject,
        plan=subscription.plan,
        subscription=subscription,
        period=period,
        page=links.absolute(to),
        site=links.absolute(""),
        reader=customer.reader,
        **words,
    )


def _bill(session: Session, data: dict[str, Any]) -> FinalBill | None:
    """The final bill that nobody is paying, to pay by a link."""
    bill = session.get(FinalBill, data.get("bill") or "")
    if bill is None or active_attempt(session, bill.payable_type, bill.id) is not None:
        return None
    return bill


def _why_not_tried(subscription: Subscription) -> str:
    if subscription.usable_card is None:
        return Words("You have no saved card.")
    return Words("What you had paid was refunded.")


def _last_try(session: Session, period_id: str) -> Transaction | None:
    failed = attempts(Period.payable_type, period_id).where(Transaction.state == State.FAILED)
    return session.scalars(failed.order_by(Transaction.attempt.desc()).limit(1)).first()
