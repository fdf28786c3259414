"""stock_holds: who holds how much of a product's counted stock until it is paid for, and how much
of it one buyer and one network may hold. Whoever begins payments and finishes none, as with a
bank's check that is left open, keeps no more than that from others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, ForeignKey, delete, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.extensions import Base
from payments_app.payments.payable import NotPayableError


class StockHold(Base):
    """Pieces of a product that a line of an order holds; gone as they are paid for or put back.
    Who holds them is kept as keyed hashes, `customer` where the browser is known to be one."""

    __tablename__ = "pay_stock_holds"

    line_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("pay_order_lines.id"), primary_key=True, autoincrement=False
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("pay_products.id"), index=True)
    quantity: Mapped[int]
    browser: Mapped[str | None] = mapped_column(Key(40))
    customer: Mapped[str | None] = mapped_column(Key(40))
    network: Mapped[str | None] = mapped_column(Key(40))


def hold(session: Session, mine: StockHold, name: str, left: int) -> None:
    """Store the hold of pieces that were just taken, of which `left` remain. Taking them locked
    the product's row: no other hold of it is counted meanwhile.

    Raises NotPayableError `hold_limit`, with what may be held, where it is too much for one.
    """
    session.add(mine)
    session.flush()
    everything, by_buyer, by_network = session.execute(
        select(
            func.sum(StockHold.quantity),
            _held(mine, StockHold.browser, StockHold.customer),
            _held(mine, StockHold.network),
        ).where(StockHold.product_id == mine.product_id)
    ).one()
    config, there = current_app.config["CONFIG"], left + everything
    for held, percent, whom in (
        (by_buyer, config.stock_hold_buyer_percent, "one buyer"),
        (by_network, config.stock_hold_network_percent, "the buyers of one network"),
    ):
        most = max(1, there * percent // 100)  # or nobody could buy the last one
        if held > most:
            before = held - mine.quantity
            raise NotPayableError("hold_limit", _words(name, whom, most, before))


def let_go(session: Session, line_ids: Iterable[int]) -> None:
    """Forget the holds of lines that were paid for, or whose goods were put back."""
    session.execute(delete(StockHold).where(StockHold.line_id.in_(line_ids)))


def _held(mine: StockHold, *columns: InstrumentedAttribute[str | None]) -> ColumnElement[Any]:
    """How much is held by whoever is alike in one of these. What is not known of this holder is
    like nobody's."""
    known = [(column, getattr(mine, column.key)) for column in columns]
    alike = or_(false(), *(column == value for column, value in known if value is not None))
    return func.coalesce(func.sum(StockHold.quantity).filter(alike), 0)


def _words(name: str, whom: str, most: int, before: int) -> str:
    said = f"At most {most} of {name} can be held for {whom} until they are paid for"
    if not before:
        return f"{said}. Order fewer, and more once those are paid for."
    return (
        f"{said}, and unfinished payments hold {before}. Try again once those payments are "
        "finished or have run out of time."
    )
