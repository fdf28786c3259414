"""Part: a page of a list that says how much of the list it is, and leads to the rest.

For lists that are about one thing, or short for another reason: the rows before the page are
counted. A list of all payments is paged by its keys (staff/payments/paging.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from payments_app.core.web.query import place_in_list


@dataclass(frozen=True)
class Part:
    """`rows` of `total`, behind the first `skipped`. `name` is the parameter of the address that
    says how many are skipped, and the anchor of the list; `size` the most that are shown."""

    name: str
    rows: Sequence[Any]
    total: int
    skipped: int
    size: int

    def of(self, rows: Iterable[Any]) -> Part:
        """The same part, its rows as a page shows them."""
        return replace(self, rows=list(rows))

    @property
    def is_cut(self) -> bool:
        """Whether there are rows that are not shown."""
        return self.total > len(self.rows)

    @property
    def words(self) -> str:
        """Which rows are shown, and of how many."""
        if not self.rows:
            return f"None of {self.total:,} shown"
        return f"{self.skipped + 1:,} to {self.skipped + len(self.rows):,} of {self.total:,} shown"

    @property
    def before(self) -> int | None:
        """Where the page before this one begins; None on the first."""
        return max(0, min(self.skipped, self.total) - self.size) if self.skipped else None

    @property
    def after(self) -> int | None:
        """Where the next page begins; None on the last."""
        end = self.skipped + self.size
        return end if end < self.total else None


def part_of(session: Session, query: Select[*tuple[Any, ...]], name: str, size: int) -> Part:
    """The rows of a sorted query that the request's address asks for. They are counted only where
    one page does not hold them. Raises UnreadableQueryError."""
    skipped = place_in_list(name) or 0
    rows = session.execute(query.offset(skipped).limit(size + 1)).all()
    total = len(rows)
    if skipped or total > size:
        counted = query.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
        total = session.scalar(counted) or 0
    return Part(name, rows[:size], total, skipped, size)


def scalars_of(session: Session, query: Select[*tuple[Any, ...]], name: str, size: int) -> Part:
    """The same of a query of one entity: the entities."""
    part = part_of(session, query, name, size)
    return part.of(row[0] for row in part.rows)
