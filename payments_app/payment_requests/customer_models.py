"""Customers as an application knows them, and the consents by which their cards may be charged."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base


class ApplicationCustomer(Base):
    """Somebody whom an application (`application`, the id of its key) calls `reference`. It is no
    account of ours: the address is the application's word for them, and nobody has proved it."""

    __tablename__ = "pay_application_customers"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("acust"))
    application: Mapped[str] = mapped_column(Key(40))
    reference: Mapped[str] = mapped_column(Key(100))
    email: Mapped[str] = mapped_column(Key(254))
    name: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        UniqueConstraint("application", "reference"),
        Index("pay_application_customers_list_idx", "application", "created_at", "id"),
    )


class CardConsent(Base):
    """The leave to charge a kept card of `customer_id` without them: the `words` that they agreed
    to, the `version` of those, and when. It was given with the payment that kept the card, and ends
    with `withdrawn_at`, `ended_why` (an Ending) says by what, or with the card."""

    __tablename__ = "pay_card_consents"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("agr"))
    customer_id: Mapped[str] = mapped_column(ForeignKey("pay_application_customers.id"), index=True)
    card_id: Mapped[str] = mapped_column(ForeignKey("pay_saved_cards.id"), index=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("pay_transactions.id"), unique=True)
    words: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[dt.datetime]
    withdrawn_at: Mapped[dt.datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(16))
