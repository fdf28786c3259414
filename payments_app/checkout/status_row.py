"""What the status says of a transaction, read as columns in one round trip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import Select, bindparam, select

from payments_app.core.db import reading
from payments_app.core.db.ids import looks_like_id
from payments_app.core.money import Money
from payments_app.payments.amounts import sets_up
from payments_app.payments.connect.account import DIRECT_ACCOUNT
from payments_app.payments.models import Transaction

R = TypeVar("R", bound="PollRow")


@dataclass(frozen=True, slots=True)
class PollRow:
    """What a poll has to know of a transaction, where it may find nothing new."""

    state: str
    phase: str
    version: int
    phase_at: dt.datetime


@dataclass(frozen=True, slots=True)
class StatusRow(PollRow):
    """All that a status says. Columns by their names; `account` is a direct charge's."""

    id: str
    attempt: int
    amount: int
    paid: int
    currency: str
    email: str
    description: str
    buyer: str | None
    confirmation_token: str | None
    payment_method: str | None
    save_card: bool
    stripe_payment_id: str | None
    client_secret: str | None
    error: dict[str, Any] | None
    card_brand: str | None
    card_last4: str | None
    statement_descriptor: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    ended_at: dt.datetime | None
    account: str | None
    attention: dict[str, Any] | None
    zone: str | None

    @property
    def money(self) -> Money:
        """What is asked for."""
        return Money(self.amount, self.currency)

    @property
    def money_paid(self) -> Money:
        """What moved to us."""
        return Money(self.paid, self.currency)

    @property
    def sets_up(self) -> bool:
        """As a transaction's."""
        named = self.confirmation_token or self.payment_method
        return sets_up(self.amount, self.save_card, named)


def _select(kind: type[PollRow]) -> Select[Any]:
    return select(
        *(
            DIRECT_ACCOUNT if field.name == "account" else getattr(Transaction, field.name)
            for field in fields(kind)
        )
    ).where(Transaction.id == bindparam("id"))


_BY_ID = {kind: _select(kind) for kind in (PollRow, StatusRow)}


def read(app: Flask, transaction_id: str, kind: type[R]) -> R | None:
    """The transaction of this id; what has not the shape of one never reaches the database."""
    if not looks_like_id(transaction_id, "txn"):
        return None
    row: Sequence[Any] | None = reading.first(app, _BY_ID[kind], {"id": transaction_id})
    return kind(*row) if row else None
