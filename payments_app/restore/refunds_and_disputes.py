"""refunds_and_disputes: those at Stripe since the backup, and those that were open then; banks'
early fraud warnings too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway.listing import disputes_created, refunds_created, warnings_created
from payments_app.payments.connect.account import account_of
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.disputes.standing import is_open
from payments_app.payments.disputes.warn import warn
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import names_of
from payments_app.payments.refunds.models import UNCLEAR, Refund, RefundState
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from payments_app.payments.unmatched import subject_of

_OPEN_REFUNDS = (RefundState.REQUESTED, RefundState.PROCESSING, *UNCLEAR)


class RefundsAndDisputes:
    """`looked_at` are the payments whose refunds or disputes were read, `todo` says what a person
    must do."""

    def __init__(self) -> None:
        self.looked_at: set[str] = set()
        self.todo: list[str] = []

    def take_in_open(self) -> None:
        """Bring what was open in the backup to what Stripe says of it."""
        self._refresh(refresh_refunds, _open(Refund, Refund.state.in_(_OPEN_REFUNDS)))
        self._refresh(refresh_disputes, _open(Dispute, is_open()))

    def take_in(self, since: dt.datetime, until: dt.datetime, account: str | None) -> None:
        """The same of what was made on this account in [since, until). Raises UnreadableError."""
        self._refresh(refresh_refunds, _subjects(refunds_created(since, until, account), account))
        self._refresh(refresh_disputes, _subjects(disputes_created(since, until, account), account))
        self._refresh(warn, _subjects(warnings_created(since, until, account), account))

    def _refresh(self, refresh: Callable[[str, Claim], None], subjects: set[str]) -> None:
        for subject in sorted(subjects):
            try:
                refresh(subject, Claim(0, "restore", "restore", subject, 0, 0, 0))
            except Later as later:
                self.todo.append(f"What went back of {subject} is not all here: {later.reason}.")
        self.looked_at |= subjects


def _subjects(pages: Iterator[list[dict[str, Any]]], account: str | None) -> set[str]:
    """The payments of what is listed; of what names no intent, itself."""
    return {subject_of(names_of(body)[0] or body["id"], account) for page in pages for body in page}


@atomic
def _open(session: Session, model: Any, condition: Any) -> set[str]:
    owners = select(model.transaction_id).where(condition)
    found = session.scalars(
        select(Transaction).where(
            Transaction.id.in_(owners), Transaction.stripe_payment_id.is_not(None)
        )
    )
    return {subject_of(row.stripe_payment_id or "", account_of(row)) for row in found}
