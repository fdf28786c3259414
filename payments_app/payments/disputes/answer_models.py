"""Answers to disputes, and the files that go with them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base

DRAFT, SENDING, SENT = "draft", "sending", "sent"


class DisputeAnswer(Base):
    """What the bank is answered, one for each state of a dispute that asks for an answer
    (`to_state`): an inquiry that becomes a dispute is answered again.

    `draft` -> `sending` (somebody confirmed it, and it may have been submitted) -> `sent`; back to
    `draft` with a `problem` where Stripe refused it. `revision` rises as people change it, files
    among it; `kept_revision` is the one that Stripe has as a draft. `sends` counts the keys that it
    was submitted with; `called_at` is when it may have been first, and `counted` what Stripe's
    submission_count was before. `accepted_at` is when somebody confirmed that the dispute is given
    up instead: no evidence goes to the bank then, and `submitted_at` stays empty.
    """

    __tablename__ = "pay_dispute_answers"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("dsa"))
    dispute_id: Mapped[str] = mapped_column(ForeignKey("pay_disputes.id"))
    to_state: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16), default=DRAFT)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    revision: Mapped[int] = mapped_column(default=0)
    kept_revision: Mapped[int] = mapped_column(default=0)
    sends: Mapped[int] = mapped_column(default=0)
    counted: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text)
    saved_by: Mapped[str] = mapped_column(String(80))
    saved_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    submitted_by: Mapped[str | None] = mapped_column(String(80))
    submitted_at: Mapped[dt.datetime | None]
    accepted_at: Mapped[dt.datetime | None]
    called_at: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]

    __table_args__ = (
        UniqueConstraint("dispute_id", "to_state"),
        CheckConstraint("state IN ('draft', 'sending', 'sent')", name="state"),
        CheckConstraint("state = 'draft' OR submitted_by IS NOT NULL", name="submitted"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
    )


class EvidenceFile(Base):
    """A file for one field of the evidence of a dispute; `stripe_file_id` once Stripe has it."""

    __tablename__ = "pay_dispute_files"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("dsf"))
    dispute_id: Mapped[str] = mapped_column(ForeignKey("pay_disputes.id"))
    field: Mapped[str] = mapped_column(String(40))
    filename: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    stripe_file_id: Mapped[str | None] = mapped_column(Key(255))
    added_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        UniqueConstraint("dispute_id", "field"),
        CheckConstraint("size > 0", name="size_positive"),
    )
