"""receipts: the mail that says what was paid, once for each payment; and the one that says why not.

A notice of a failure waits NOTICE_SECONDS: whoever tries another card at once is not told about
the first, and nobody is told of a failure after the success that followed it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.language import Words, message
from payments_app.core.reader_time import time_of
from payments_app.core.web import links
from payments_app.gateway.decline_sentences import NOT_CONFIRMED, try_again_words
from payments_app.gateway.declines import buyer_sentence
from payments_app.merchants.find import shop_name
from payments_app.notices import mail_links, mails
from payments_app.notices.models import Mail
from payments_app.notices.queries import failure_stands
from payments_app.notices.readers import reader_of
from payments_app.payment_requests import find_consents
from payments_app.payments.models import Transaction
from payments_app.payments.payable import checkout_path, terms_of
from payments_app.payments.phases import State
from payments_app.payments.purchased import described, purchased, sold_by
from payments_app.payments.queries import payable_id_of, payable_of
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period, other_of_plan

RECEIPT, FAILURE = "receipt", "payment_failed"
NOTICE_SECONDS = 5 * 60


class NoReceiptError(LookupError):
    """There is no receipt of this payment: it is not paid, or nobody's address is known."""


@atomic
def write_receipt(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a completed payment."""
    transaction = session.get_one(Transaction, transaction_id, populate_existing=True)
    if transaction.state != State.COMPLETE or not transaction.email:
        return
    subject = Words(
        "Your receipt from %(shop)s: %(amount)s", shop=shop_name(), amount=transaction.money_paid
    )
    terms = terms_of(session, transaction.id, transaction.amount)
    if terms or not transaction.amount:
        subject = Words(
            "%(shop)s: %(about)s", shop=shop_name(), about=described(session, transaction)
        )
    period = _period(session, transaction.id)
    _write(
        session,
        RECEIPT,
        transaction,
        subject,
        paid_at=_local(transaction.ended_at),
        seller=sold_by(session, transaction.id),
        terms=terms,
        period=period if period is not None and not period.trial else None,
        twice=period.subscription.plan if period and _is_second(session, period) else None,
        link=_to_end(session, transaction),
    )


@atomic
def write_failure_notice(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a failed payment, NOTICE_SECONDS later."""
    transaction = session.get_one(Transaction, transaction_id, populate_existing=True)
    if not transaction.email or not failure_stands(session, transaction_id):
        return
    key, sentence = buyer_sentence(
        transaction.error, transaction.phase, free=not transaction.amount
    )
    payable = payable_of(session, transaction_id)
    if payable and payable[0] == Period.payable_type and transaction.off_session:
        return  # a renewal has letters of its own
    subject = message("Your payment of %(amount)s failed")
    if key == NOT_CONFIRMED:
        subject = message("Your payment of %(amount)s was not confirmed")
    _write(
        session,
        FAILURE,
        transaction,
        Words(subject, amount=transaction.money),
        confirmed=key != NOT_CONFIRMED,
        why=sentence,
        again=checkout_path(session, *payable) if payable else None,
        try_again=try_again_words(key),
    )


@atomic
def resend_receipt(
    session: Session, transaction_id: str, actor: str, *, rounds: int | None = None
) -> bool:
    """Send a payment's receipt once more, the same message to the same address; False where it is
    on its way already, or was asked for since somebody saw that `rounds` (None: any) were made.
    Raises NoReceiptError."""
    mail = session.scalar(
        select(Mail).where(Mail.key == f"{RECEIPT}_{transaction_id}").with_for_update()
    )
    if mail is None:
        raise NoReceiptError(f"{transaction_id} has no receipt")
    if rounds not in {None, mail.rounds}:
        return False
    again = mails.send_again(session, mail)
    history.record(
        session,
        "staff",
        "mail.receipt.resend_asked",
        actor=actor,
        transaction_id=transaction_id,
        subject=mail.id,
        on_its_way=None if again else True,
    )
    return again


def _write(
    session: Session, kind: str, transaction: Transaction, subject: str, **words: Any
) -> None:
    mails.write(
        session,
        kind,
        transaction.id,
        transaction.email,
        subject,
        transaction_id=transaction.id,
        payment=transaction,
        bought=purchased(session, transaction.id),
        described=described(session, transaction),
        reader=reader_of(session, transaction),
        site=links.absolute(""),
        **words,
    )


def _period(session: Session, transaction_id: str) -> Period | None:
    """The period that a payment is for."""
    period_id = payable_id_of(session, transaction_id, Period.payable_type)
    return session.get(Period, period_id) if period_id else None


def _to_end(session: Session, transaction: Transaction) -> dict[str, str] | None:
    """The link to the consent by which it was charged without its buyer, where that is so."""
    consent = find_consents.charged_by(session, transaction)
    if consent is None:
        return None
    return mail_links.reaches(find_consents.PATH, find_consents.PURPOSE, consent.id)


def _is_second(session: Session, period: Period) -> bool:
    """Whether it begins a subscription to a plan that its customer had already: at the checkout
    nobody who has not proved the address is told."""
    theirs = session.get_one(Subscription, period.subscription_id, populate_existing=True)
    first = select(func.min(Period.start)).where(Period.subscription_id == theirs.id)
    if theirs.status == SubscriptionStatus.CANCELED or session.scalar(first) != period.start:
        return False
    return other_of_plan(session, theirs, theirs.customer_id) is not None


def _local(moment: dt.datetime | None) -> str | None:
    """In the zone of whoever reads the mail."""
    return Words.made(lambda: time_of(moment, "%b %-d, %Y, %-I:%M %p %Z")) if moment else None
