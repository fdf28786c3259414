"""payments: each intent at Stripe since the backup, applied to its payment here, which is stored
anew where the backup does not know it."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.gateway import charges
from payments_app.gateway.calls import NEW_STATUS
from payments_app.gateway.listing import intents_created, setup_intents_created
from payments_app.gateway.numbers import moment
from payments_app.gateway.results import Answer, UnreadableError, Verdict
from payments_app.inbound.import_intent import RESTORE, came_to_something, import_intent
from payments_app.inbound.match import MismatchError, check_importable, is_new, match
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase, State
from payments_app.payments.transactions.apply_stripe_state import apply_in_session
from payments_app.payments.transactions.stripe_metadata import read_metadata

RESTORED, APPLIED, CLOSED = "restored", "brought up to date", "closed at Stripe"
_UNREAD = (Verdict.LATER, Verdict.UNKNOWN, Verdict.MISCONFIGURED)


class Payments:
    """`counts` says what was done, `todo` what a person must do, a sentence for each; `unread` are
    merchants' accounts that do not let us read."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.todo: list[str] = []
        self.unread: set[str] = set()

    def take_in_open(self) -> None:
        """Bring every payment that was open in the backup to what Stripe says of it."""
        for intent_id, account in _open_here():
            with self.reading(account):
                self._take(intent_id, account)

    @contextlib.contextmanager
    def reading(self, account: str | None) -> Iterator[None]:
        """What is read here is on this account: a merchant who left keeps nothing closed."""
        try:
            yield
        except UnreadableError as error:
            if account is None or error.verdict != Verdict.MISCONFIGURED:
                raise
            self.unread.add(account)

    def take_in(self, since: dt.datetime, until: dt.datetime, account: str | None) -> None:
        """The same of each that was begun on this account in [since, until). Oldest first: an
        attempt that failed frees its order for the next.

        Raises UnreadableError where Stripe could not be read; what was done until then stays.
        """
        for intent in oldest_first(_created(since, until, account)):
            if not _is_known(intent["id"], intent["status"]):
                self._take(intent["id"], account)

    def _take(self, intent_id: str, account: str | None) -> None:
        answer = charges.retrieve_intent(intent_id, account)
        if answer.error_code == NEW_STATUS:
            self.todo.append(f"{intent_id} at Stripe was not taken in: {answer.words}.")
            return
        if answer.verdict in _UNREAD:
            raise UnreadableError(answer.verdict, answer.error or {})
        try:
            transaction_id, answer = self._transaction_of(answer, account)
            if transaction_id is not None and answer.verdict != Verdict.OPEN:
                self.counts[APPLIED] += _apply(transaction_id, answer)
        except MismatchError as mismatch:
            self.todo.append(f"{intent_id} at Stripe was not taken in: {mismatch}.")
        except DataError:
            self.todo.append(
                f"{intent_id} at Stripe was not taken in: what it says of itself can't be stored."
            )
        except IntegrityError:
            self.todo.append(
                f"{intent_id} at Stripe succeeded, and what it pays for has another live payment: "
                "refund one of them."
            )

    def _transaction_of(self, answer: Answer, account: str | None) -> tuple[str | None, Answer]:
        """The payment of an intent, and the intent as it is then. One of ours that nobody confirmed
        is closed first: its buyer's card is not known any more, and it may not be paid later."""
        intent = answer.expect_body()
        found, told = match(intent, account), read_metadata(intent)
        is_ours = told is not None
        if not is_new(found, intent, account) or not (is_ours or came_to_something(answer)):
            return found, answer
        if answer.verdict == Verdict.OPEN:
            answer = charges.cancel_intent(intent["id"], account)
            if answer.verdict != Verdict.CANCELED:
                raise UnreadableError(answer.verdict, answer.error or {})
            self.counts[CLOSED] += 1
        check_importable(intent)
        self.counts[RESTORED] += 1
        return import_intent(answer, account, told, RESTORE), answer


def _created(
    since: dt.datetime, until: dt.datetime, account: str | None
) -> Iterator[dict[str, Any]]:
    for list_of in (intents_created, setup_intents_created):
        for page in list_of(since, until, account):
            yield from page


def oldest_first(listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of what Stripe lists newest first. Its times are whole seconds: of two attempts of one second
    the list alone says which came first."""
    oldest = list(listed)[::-1]
    return sorted(oldest, key=_created_at)


def _created_at(intent: dict[str, Any]) -> int:
    created = intent.get("created")
    return created if isinstance(created, int) else 0


@atomic
def _open_here(session: Session) -> list[tuple[str, str | None]]:
    """The intents of payments that were open as the backup was taken."""
    found = session.scalars(
        select(Transaction)
        .where(Transaction.state == State.PENDING, Transaction.stripe_payment_id.is_not(None))
        .order_by(Transaction.created_at, Transaction.id)
    )
    return [(row.stripe_payment_id or "", account_of(row)) for row in found]


@atomic
def _is_known(session: Session, intent_id: str, status: object) -> bool:
    """Whether a payment has ended here as its intent did."""
    ended = {"succeeded": Phase.COMPLETE, "canceled": Phase.CANCELED}.get(str(status))
    return ended is not None and (
        session.scalar(
            select(Transaction.id).where(
                Transaction.stripe_payment_id == intent_id, Transaction.phase == ended
            )
        )
        is not None
    )


@atomic
def _apply(session: Session, transaction_id: str, answer: Answer) -> bool:
    """Move a payment to what was just read; whether it moved. One of ours has been sent, whatever
    the backup says; and it ended when Stripe's charge was made."""
    transaction = states.lock(session, transaction_id)
    before = transaction.phase
    if before == Phase.CREATED:
        states.move(session, transaction, Phase.PROCESSING, actor=RESTORE)
    if as_object((answer.body or {}).get("metadata")).get("transaction_id"):
        transaction.create_sent_at = transaction.create_sent_at or database_now()
        transaction.confirm_sent_at = transaction.confirm_sent_at or database_now()
    after = apply_in_session(session, transaction_id, answer, fresh=True, actor=RESTORE)
    if after != before and after in states.FINAL:
        intent = answer.body or {}
        charge = as_object(intent.get("latest_charge"))
        ended = moment(charge.get("created")) or moment(intent.get("created"))
        transaction.ended_at = ended or transaction.ended_at
    return after != before
