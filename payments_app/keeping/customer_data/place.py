"""A place: rows that are about one customer, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from payments_app.core.extensions import Base

Cut = Callable[[Any], Any]
DELETED: dict[str, Cut] = {}  # the whole row goes


@dataclass(frozen=True)
class Place:
    """Rows of `model`. `cut` says what becomes of a column's value, DELETED that the row goes, and
    nothing that it stays as it is. `told` are the columns that the customer is given."""

    model: type[Base]
    which: ColumnElement[bool]
    told: tuple[str, ...] = ()
    cut: Mapping[str, Cut] | None = None
    counted: bool = False  # its `version` rises, by which caches know that it changed
