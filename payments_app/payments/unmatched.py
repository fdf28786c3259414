"""unmatched: refunds, disputes and fraud warnings at Stripe about no payment known here.

Each is kept whole, with an alert, and posts nothing. As soon as its payment is known (a restore, an
event that came late), it is read again and taken in.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, String, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.extensions import Base
from payments_app.core.jobs import outbox
from payments_app.gateway.words import word
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_id, names_of
from payments_app.payments.phases import State

MATCH = "payments.match"
AT = "@"  # between an object's id and the connected account that it is on
_REFRESH = {
    "refund": "refunds.refresh",
    "dispute": "disputes.refresh",
    "early_fraud_warning": "disputes.warn",
}
_SUBJECT_LENGTH = 80
_OPEN = text("matched_at IS NULL")


class UnmatchedObject(Base):
    """What Stripe last told of a payment that is not known here: a refund, a dispute, or an
    early fraud warning (`kind`).

    `account` is the connected account that it is on, None for ours. `matched_at` says since when
    its payment is known: from then on it is like others.
    """

    __tablename__ = "pay_unmatched_objects"

    stripe_id: Mapped[str] = mapped_column(Key(255), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    account: Mapped[str | None] = mapped_column(Key(255))
    payment_intent: Mapped[str | None] = mapped_column(Key(255))
    charge: Mapped[str | None] = mapped_column(Key(255))
    stripe_data: Mapped[dict[str, Any]]
    found_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    matched_at: Mapped[dt.datetime | None]

    __table_args__ = (
        Index(
            "pay_unmatched_objects_open_idx",
            "found_at",
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
    )


def store_unmatched(session: Session, body: dict[str, Any], account: str | None) -> None:
    """Keep an object whose payment is not known, with an alert that says what to do, in the
    caller's transaction. One that was set aside before is kept as it is now."""
    intent, charge = names_of(body)
    kind, stripe_id = (word(body.get("object")) or "object").removeprefix("radar."), body["id"]
    amount, currency = word(body.get("amount")), word(body.get("currency"))
    money = f" ({amount} {currency} in minor units)" if amount else ""
    # What a bank is told of a dispute names people: Stripe keeps it.
    kept = {name: said for name, said in body.items() if name != "evidence"}
    columns = {"account": account, "payment_intent": intent, "charge": charge, "stripe_data": kept}
    if not insert_once(session, UnmatchedObject, stripe_id=stripe_id, kind=kind, **columns):
        row = session.get_one(UnmatchedObject, stripe_id, with_for_update=True)
        row.stripe_data = kept
    alerts.raise_alert(
        session,
        "unmatched",
        _alert_key(stripe_id),
        f"Stripe's {kind.replace('_', ' ')} {stripe_id}{money} is about no payment that is known "
        f"here: intent {intent or 'none'}, charge {charge or 'none'}. It was set aside, and "
        "nothing was posted. Deal with it in Stripe's Dashboard. If its payment is one of ours, "
        "let Stripe send that payment's payment_intent.succeeded event again: once the payment is "
        "here, this is taken in",
        severity="warning" if kind == "refund" else "critical",
        account=account,
    )


def mark_matched(session: Session, stripe_id: str) -> None:
    """The payment of an object is known: if it was set aside, it is no longer, and nobody has to
    deal with it."""
    done = session.execute(
        update(UnmatchedObject)
        .where(UnmatchedObject.stripe_id == stripe_id, UnmatchedObject.matched_at.is_(None))
        .values(matched_at=database_now())
        .returning(UnmatchedObject.stripe_id)
    ).first()
    if done is not None:
        alerts.acknowledge(session, _alert_key(stripe_id), "system")


@atomic
def match(session: Session) -> int:
    """Have every object that was set aside read again whose payment is complete here by now;
    return how many there are. Safe at any time: each is staged once for its payment."""
    matched = 0
    for same in (
        UnmatchedObject.payment_intent == Transaction.stripe_payment_id,
        UnmatchedObject.payment_intent.is_(None) & (UnmatchedObject.charge == charge_id),
    ):
        found = session.execute(
            select(UnmatchedObject, Transaction.id)
            .join(Transaction, same)
            .where(UnmatchedObject.matched_at.is_(None), Transaction.state == State.COMPLETE)
            .where(UnmatchedObject.kind.in_(_REFRESH))
        )
        for row, transaction_id in found:
            command, subject = _REFRESH[row.kind], subject_of(row.stripe_id, row.account)
            key = f"{command}:{row.stripe_id}:{transaction_id}"
            matched += outbox.stage(session, command, subject, key=key)
    return matched


def subject_of(stripe_id: str, account: str | None) -> str:
    """What a message says of an object: its id, and the account that it is on."""
    subject = f"{stripe_id}{AT}{account}" if account else stripe_id
    return subject if len(subject) <= _SUBJECT_LENGTH else stripe_id


def read_subject(subject: str) -> tuple[str, str | None]:
    """`subject_of`, taken apart."""
    stripe_id, _, account = subject.partition(AT)
    return stripe_id, account or None


def _alert_key(stripe_id: str) -> str:
    return f"unmatched:{stripe_id}"
