"""Filters of the payments list: what there is to choose, and what was chosen, as chips and as
conditions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, exists
from sqlalchemy.orm import aliased

from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase, State
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.payments.transactions.stuck import is_stuck
from payments_app.staff.payments.paging import DISPUTES, PAYMENTS, REFUNDS, SortKey
from payments_app.staff.payments.typed_dates import read_day


def _earlier(model: type[Refund | Dispute], state: str | None = None) -> ColumnElement[bool]:
    """Whether another row of this payment comes first: the list shows a payment once."""
    other = aliased(model)
    same = [other.transaction_id == model.transaction_id, other.id < model.id]
    return exists().where(*same, *([other.state == state] if state else []))


STATUSES: dict[str, tuple[str, ColumnElement[bool]]] = {
    "complete": ("Paid", Transaction.state == State.COMPLETE),
    "failed": ("Failed", Transaction.phase == Phase.FAILED),
    "canceled": ("Cancelled", Transaction.phase == Phase.CANCELED),
    "pending": ("Pending", Transaction.state == State.PENDING),
    "requires_action": ("Waiting for customer", Transaction.phase == Phase.REQUIRES_ACTION),
    "unknown": ("Checking with Stripe", Transaction.phase == Phase.UNKNOWN),
    "refunded": (
        "Refunded",
        and_(Refund.state == RefundState.SUCCEEDED, ~_earlier(Refund, RefundState.SUCCEEDED)),
    ),
    "disputed": ("Disputed", ~_earlier(Dispute)),
    "stuck": ("Stuck pending", is_stuck()),
    "attention": ("Needs somebody", Transaction.need.is_not(None)),
}
_WALKS = {"refunded": REFUNDS, "disputed": DISPUTES}


@dataclass(frozen=True)
class Chip:
    """One active filter: its words, and the filters that remain without it."""

    label: str
    rest: dict[str, str]


@dataclass(frozen=True)
class Filters:
    """What the address asks for. `given` is kept as it was typed; what can't be read is in
    `problems` by field: such filters are for their own page alone, and never for a query."""

    given: dict[str, str]
    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def sort_key(self) -> SortKey:
        """What the list is sorted along; `conditions` hold with this sort key only."""
        return _WALKS.get(self.given.get("status", ""), PAYMENTS)

    @property
    def chips(self) -> list[Chip]:
        """The active filters, each with what remains once it is taken away."""
        return [
            Chip(label, {k: v for k, v in self.given.items() if k != name})
            for name, label in self.labels.items()
        ]

    def day(self, name: str, today: dt.date) -> str:
        """The day of `from` or `to` as a date field wants it; empty where there is none."""
        found = read_day(self.given.get(name, ""), today)
        return found.isoformat() if found else ""


PRESETS = (
    ("Needs somebody", {"status": "attention"}),
    ("Failed today", {"status": "failed", "from": "today"}),
    ("Stuck pending", {"status": "stuck"}),
    ("Refunded", {"status": "refunded"}),
    ("Successful today", {"status": "complete", "from": "today"}),
)
