"""Disputes: the card's owner asks the bank for the money back. Stripe decides their states; what
was paid stays paid here, as with refunds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.db.ids import new_id, reference
from payments_app.core.extensions import Base
from payments_app.payments.refund_or_dispute import RefundOrDispute

# Stripe's own words; https://docs.stripe.com/api/disputes/object
STATES = frozenset(
    """
    warning_needs_response warning_under_review warning_closed needs_response under_review won lost
    prevented appeal_needs_response appeal_under_review
    """.split()
)
REASONS = frozenset(
    """
    bank_cannot_process check_returned credit_not_processed customer_initiated debit_not_authorized
    duplicate fraudulent general incorrect_account_details insufficient_funds noncompliant
    product_not_received product_unacceptable subscription_canceled unrecognized
    """.split()
)
UNKNOWN, LOST = "unknown", "lost"
# Decided, by the bank or by nobody; a status that we do not know is not.
CLOSED = frozenset({"won", "lost", "warning_closed", "prevented"})
# Somebody has to answer; https://docs.stripe.com/api/disputes/object#dispute_object-status
NEEDS_ANSWER = frozenset({"needs_response", "warning_needs_response", "appeal_needs_response"})


class Dispute(RefundOrDispute, Base):
    """One dispute, as Stripe last told it. `state` is Stripe's own word, the last one that we know
    (UNKNOWN before the first); `amount` in minor units.

    `funds` says where the money is: `none` was taken (an inquiry), it was `withdrawn` from our
    balance, or it was `reinstated`. `due_by` is until when evidence can be handed in.
    """

    __tablename__ = "pay_disputes"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("dsp"))
    stripe_dispute_id: Mapped[str] = mapped_column(Key(255), unique=True)
    state: Mapped[str] = mapped_column(String(40))
    funds: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(String(60))
    due_by: Mapped[dt.datetime | None]
    has_evidence: Mapped[bool] = mapped_column(default=False)
    refundable: Mapped[bool] = mapped_column(default=False)
    stripe_data: Mapped[dict[str, Any]] = mapped_column(nullable=False)
    opened_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime] = mapped_column(
        server_default=database_now(), onupdate=database_now()
    )

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("funds IN ('none', 'withdrawn', 'reinstated')", name="funds"),
        Index("pay_disputes_transaction_id_idx", "transaction_id"),
        Index("pay_disputes_state_due_by_idx", "state", "due_by"),
    )
    STATUSES = STATES
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form

    @property
    def is_inquiry(self) -> bool:
        """Whether the bank only asks so far: it took no money."""
        return self.state.startswith("warning_")

    @property
    def state_words(self) -> str:
        """Its state as people read it; that of an inquiry says so."""
        return self.state.replace("warning", "inquiry").replace("_", " ").capitalize()

    @property
    def opening_words(self) -> str:
        """What an alert about it begins with."""
        asks = "asked about by the bank" if self.is_inquiry else "disputed"
        why = self.reason.replace("_", " ")
        return f"{reference(self.transaction_id)} ({self.money}) is {asks} as {why}"

    @property
    def needs_answer(self) -> bool:
        """Whether evidence is asked for."""
        return self.state in NEEDS_ANSWER
