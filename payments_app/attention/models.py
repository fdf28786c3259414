"""Work items: who deals with something that needs a person, and what they said of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.extensions import Base

DONE, NOT_OURS = "done", "not_ours"
ANSWERS = (DONE, NOT_OURS)


class WorkItem(Base):
    """What a person said of one need, by its `key` (payments/truth.py). `owner` took it and has
    not given it back; `answer` closed it, `answered_by` whom. The first word makes the row."""

    __tablename__ = "pay_work_items"

    key: Mapped[str] = mapped_column(Key(200), primary_key=True)
    transaction_id: Mapped[str | None] = mapped_column(Key(40), index=True)
    owner: Mapped[str | None] = mapped_column(Key(80))
    taken_at: Mapped[dt.datetime | None]
    answer: Mapped[str | None] = mapped_column(Key(16))
    answered_by: Mapped[str | None] = mapped_column(Key(80))
    answered_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint("answer IN ('done', 'not_ours')", name="answer"),
        CheckConstraint("(answer IS NULL) = (answered_by IS NULL)", name="answered"),
    )
