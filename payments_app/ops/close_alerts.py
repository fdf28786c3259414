"""close_alerts: an alert closes when its cause is gone. What is about one payment closes with its
own needs (attention/keep.py); this looks at the rest, and runs with the watch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import and_, exists, func, literal, select
from sqlalchemy.orm import Session

from payments_app.accounts import api_keys
from payments_app.attention.facts import COLUMNS
from payments_app.core import alerts
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now, known_zone
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.history import SYSTEM
from payments_app.core.jobs import unknown
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.core.restores import is_restoring
from payments_app.gateway.breaker import Breaker, alert_key
from payments_app.merchants.models import ConnectedAccount, Merchant
from payments_app.ops.diagnosis import Trouble
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.payments.truth import REFUND_FAILED, REFUNDED, truth_of
from payments_app.reconcile.models import Finding

_OF_WATCH = ("late", "redis", "stripe_slow", "differs")
_OF_PENDING = ("outcome_unknown", "stripe_unreachable", "stripe_misconfigured", "unknown_kind")
_OF_STRIPE = ("stripe_unreachable", "stripe_misconfigured")
CALM_SECONDS = 40  # two looks found nothing: a queue at its limit is not told of each time
# These repeat while their cause lasts; what is compared or revived in vain is so again next day.
_HALF_AN_HOUR, _A_DAY = 1800, 90_000
_QUIET = {
    "card_testing": _HALF_AN_HOUR,
    "stripe_key_refused": _HALF_AN_HOUR,
    "stripe_unread": _HALF_AN_HOUR,
    "not_compared": _A_DAY,
    "revived": _A_DAY,
}
# Alerts on what waits at large: the command whose messages do.
_WAITING = {"merchant_waits": "merchants.create_account", "webhook_waiting": "inbound.process"}
# Of these a refund of all of it is one way to deal with it.
_OF_MONEY = ("another_price", "oversold", "paid_after_end", "paid_in_part", "paid_twice")
_OF_ALL = ("", "many")  # what the key of an alert on all findings of a kind ends in


@atomic
def close_gone(session: Session, found: Iterable[Trouble]) -> int:
    """Close the open alerts whose cause is not there any more; `found` is all that is wrong now.
    Returns how many there were."""
    still = {trouble.key for trouble in found}
    gone = [
        *_of_watch(session, still),
        *_of_breaker(session),
        *_of_findings(session),
        *_of_pending(session),
        *_of_stripe(session),
        *_not_seen_since(session),
        *_of_unknown(session),
        *_of_restore(session),
        *_of_waiting(session),
        *_of_refunds(session),
        *_of_merchants(session),
        *_of_zones(session),
        *_of_api_keys(session),
        *_of_given_back(session),
    ]
    return sum(alerts.acknowledge(session, key, SYSTEM) for key in gone)


def _open_keys(session: Session, *kinds: str) -> list[str]:
    query = select(Alert.key).where(Alert.kind.in_(kinds), Alert.acknowledged_at.is_(None))
    return list(session.scalars(query.order_by(Alert.id)))


def _payments_of(session: Session, *kinds: str) -> dict[str, str]:
    """The payments that the open alerts of these kinds name, by the alert's key."""
    query = select(Alert.key, Alert.data).where(
        Alert.kind.in_(kinds), Alert.acknowledged_at.is_(None)
    )
    named = {key: as_object(data).get("transaction_id") for key, data in session.execute(query)}
    return {key: str(id_) for key, id_ in named.items() if id_}


def _of_watch(session: Session, still: set[str]) -> Iterator[str]:
    return (key for key in _quiet(session, CALM_SECONDS, *_OF_WATCH) if key not in still)


def _of_findings(session: Session) -> Iterator[str]:
    for key in _open_keys(session, "reconciliation"):
        kind, _, subject = key.partition(":")
        query = select(func.count()).where(Finding.kind == kind, Finding.resolved_at.is_(None))
        if subject not in _OF_ALL:
            query = query.where(Finding.subject.startswith(subject, autoescape=True))
        if not session.scalar(query):
            yield key


def _of_pending(session: Session) -> Iterator[str]:
    """Alerts about payments and refunds of which the outcome was not known, and is."""
    about = _payments_of(session, *_OF_PENDING)
    ended = set(
        session.scalars(
            select(Transaction.id).where(
                Transaction.id.in_(about.values()),
                Transaction.state != State.PENDING,
            )
        )
    )
    refunds = {key: key.partition(":")[2] for key in about if key.startswith("unknown:rfd_")}
    over = (RefundState.SUCCEEDED, RefundState.FAILED, RefundState.CANCELED)
    made = select(Refund.id).where(Refund.id.in_(refunds.values()), Refund.state.in_(over))
    known = ended | set(session.scalars(made))
    return (key for key, id_ in about.items() if refunds.get(key, id_) in known)


def _of_breaker(session: Session) -> Iterator[str]:
    """Where Stripe answered since: whoever was let through first closed the breaker."""
    still = select(Breaker.name).where(Breaker.open_until.is_not(None))
    open_ = {alert_key(name) for name in session.scalars(still)}
    yield from (key for key in _open_keys(session, "breaker_open") if key not in open_)


def _of_stripe(session: Session) -> Iterator[str]:
    """Alerts on Stripe's refusals at large, where it took a payment since the last of them."""
    rows = session.execute(
        select(Alert.key, Alert.data).where(
            Alert.kind.in_(_OF_STRIPE),
            Alert.acknowledged_at.is_(None),
            exists().where(
                Transaction.state == State.COMPLETE,
                Transaction.ended_at > Alert.last_at,
                Transaction.stripe_payment_id.is_not(None),
            ),
        )
    ).all()
    return (row.key for row in rows if not (row.data or {}).get("transaction_id"))


def _quiet(session: Session, seconds: float, *kinds: str) -> list[str]:
    """The open alerts of these kinds that were not raised again for so long."""
    query = select(Alert.key).where(
        Alert.kind.in_(kinds),
        Alert.acknowledged_at.is_(None),
        Alert.last_at < database_now(-seconds),
    )
    return list(session.scalars(query.order_by(Alert.id)))


def _not_seen_since(session: Session) -> Iterator[str]:
    for kind, seconds in _QUIET.items():
        yield from _quiet(session, seconds, kind)


def _of_unknown(session: Session) -> Iterator[str]:
    """Commands that no message waits for any more."""
    open_ = [*_open_keys(session, unknown.KIND)]
    if not open_:
        return iter(())
    waiting = session.scalars(select(Message.command).where(*OPEN).distinct())
    still = {unknown.alert_key(command) for command in waiting}
    return (key for key in open_ if key not in still)


def _of_restore(session: Session) -> Iterator[str]:
    if not session.scalar(select(is_restoring())):
        yield from _open_keys(session, "restored")


def _of_waiting(session: Session) -> Iterator[str]:
    """Where no message of the command is put off any more."""
    for kind, command in _WAITING.items():
        put_off = select(Message.id).where(Message.command == command, Message.tries > 0, *OPEN)
        if (open_ := _open_keys(session, kind)) and session.scalar(put_off.limit(1)) is None:
            yield from open_


def _of_refunds(session: Session) -> Iterator[str]:
    """Where no refund waits to be sent; and of one that was refused, where nobody is asked to make
    it again."""
    unsent = (RefundState.REQUESTED, RefundState.PROCESSING)
    waiting = select(Refund.id).where(Refund.state.in_(unsent)).limit(1)
    if (open_ := _open_keys(session, "refund_waits")) and session.scalar(waiting) is None:
        yield from open_
    for key in _open_keys(session, "refund_refused"):
        refund_id = key.partition(":")[2]
        paid = session.execute(
            select(*COLUMNS)
            .join(Refund, Refund.transaction_id == Transaction.id)
            .where(Refund.id == refund_id)
        ).first()
        needs = truth_of(paid).needs if paid is not None else ()
        if f"{REFUND_FAILED}:{refund_id}" not in {need.key for need in needs}:
            yield key


def _of_merchants(session: Session) -> Iterator[str]:
    """Where a merchant's account is connected again, was read since, or may take payments."""
    account, read = ConnectedAccount, ConnectedAccount.refreshed_at > Alert.last_at
    for kind, named, gone in (
        ("merchant_left", account.stripe_account_id, account.deauthorized_at.is_(None)),
        ("account_unreadable", account.stripe_account_id, read),
        ("seller_refused", account.stripe_account_id, and_(read, account.charges_enabled)),
        ("no_link", account.merchant_id, and_(read, account.charges_enabled)),
    ):
        key = literal(f"{kind}:") + named
        yield from session.scalars(
            select(Alert.key)
            .join(account, Alert.key == key)
            .where(Alert.kind == kind, Alert.acknowledged_at.is_(None), gone)
        )


def _of_zones(session: Session) -> Iterator[str]:
    """Of merchants whose time zone was corrected, or is known by now."""
    for key in _open_keys(session, "unknown_zone"):
        merchant = session.get(Merchant, key.partition(":")[2], populate_existing=True)
        if merchant is None or known_zone(merchant.timezone) is not None:
            yield key


def _of_api_keys(session: Session) -> Iterator[str]:
    """Where each secret that the member was shown was replaced or revoked."""
    for key in _open_keys(session, "api_keys_known"):
        if not api_keys.shown_to(session, key.partition(":")[2]):
            yield key


def _of_given_back(session: Session) -> Iterator[str]:
    about = _payments_of(session, *_OF_MONEY)
    rows = session.execute(select(*COLUMNS).where(Transaction.id.in_(about.values())))
    refunded = {row.id for row in rows if truth_of(row).status == REFUNDED}
    return (key for key, id_ in about.items() if id_ in refunded)
