"""A payment as staff read it: answers to their questions, worked out here and not in a template.

A detail (`detail.py`) depends on nothing but the row. `Payment` adds what depends on the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from payments_app.payments.truth import Truth
from payments_app.staff.detail import Detail
from payments_app.staff.tell import tell_of
from payments_app.staff.verdict import BADGES, Step, closed_words, next_step_of, steps_of, words_of
from payments_app.staff.zones import When, when


@dataclass(frozen=True)
class Payment:
    """A detail for one reader, and the truth about it. Templates read its attributes and work
    nothing out."""

    detail: Detail
    zone: ZoneInfo
    customer_id: str | None = None
    truth: Truth | None = None  # where more is so than the row says; read fresh, never cached

    def __getattr__(self, name: str) -> Any:
        return getattr(self.detail, name)

    @property
    def date(self) -> When | None:
        """When the attempt began."""
        return when(self.detail.created_at, self.zone)

    @property
    def ended(self) -> When | None:
        """When it ended; None while it has not."""
        return when(self.detail.ended_at, self.zone)

    @property
    def badge(self) -> str:
        """The one status."""
        return self._status[0]

    @property
    def badge_class(self) -> str:
        """Its class."""
        return self._status[1]

    @property
    def icon(self) -> str:
        """Its icon."""
        return self._status[2]

    @property
    def words(self) -> str | None:
        """The rest of what is so."""
        return words_of(self.truth, self.detail.currency) if self.truth else None

    @property
    def steps(self) -> list[Step]:
        """What somebody must do, by whom and until when."""
        return steps_of(self.truth, self.detail.currency, self.zone) if self.truth else []

    @property
    def next_step(self) -> str:
        """What is to be done, or why nothing is."""
        plain = self.detail.next_step
        return next_step_of(self.truth, plain) if self.truth else plain

    @property
    def tell(self) -> str:
        """What to tell the customer."""
        return tell_of(self.detail, self.truth)

    @property
    def retry_label(self) -> str | None:
        """The retry's words; None where a retry makes no sense."""
        return None if "retry" in self.closed else "Retry Payment"

    @property
    def refundable(self) -> bool:
        """Whether something of it can be refunded."""
        return "refund" not in self.closed

    @property
    def closed(self) -> Mapping[str, str]:
        """Why an action is not open, by action, in sentences."""
        closed = self.truth.closed if self.truth else self.detail.closed
        return {action: closed_words(action, code) for action, code in closed.items()}

    @property
    def _status(self) -> tuple[str, str, str]:
        plain = (self.detail.status, self.detail.badge_class, self.detail.icon)
        return BADGES.get(self.truth.status, plain) if self.truth else plain
