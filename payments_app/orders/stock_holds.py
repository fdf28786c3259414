"""stock_holds: who holds how much of a product's counted stock until it is paid for.

Whoever holds nothing else of it may order all that is there, for LARGE_HOLD_SECONDS where that is
more than a part, or the last that was left (`large_holds.py`). Whoever has an unfinished payment,
as with a bank's check that is left open, or left one or did not pass one within the hour, holds no
more than a part: one buyer, and one network.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, ForeignKey, delete, false, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.extensions import Base
from payments_app.core.language import Words
from payments_app.payments.payable import NotPayableError

END_LARGE_HOLD = "orders.end_large_hold"
LARGE_HOLD_SECONDS = 5 * 60


class StockHold(Base):
    """Pieces of a product that a line of an order holds; gone as they are paid for or put back.
    None are left of a payment that its buyer did not finish: then the row is gone in an hour. Who
    holds them is kept as keyed hashes, `customer` where the browser is known to be one."""

    __tablename__ = "pay_stock_holds"

    line_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("pay_order_lines.id"), primary_key=True, autoincrement=False
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("pay_products.id"), index=True)
    quantity: Mapped[int]
    browser: Mapped[str | None] = mapped_column(Key(40))
    customer: Mapped[str | None] = mapped_column(Key(40))
    network: Mapped[str | None] = mapped_column(Key(40))


def hold(session: Session, mine: StockHold, name: str, left: int) -> bool:
    """Store the hold of pieces that were just taken, of which `left` remain. Taking them locked
    the product's row: no other hold of it is counted meanwhile.

    Whether it is large (`is_large`), and so for minutes alone. Raises NotPayableError `hold_limit`,
    with what may be held, where the holder is bound to a part and this is too much.
    """
    others, by_buyer, by_network, unfinished = session.execute(
        select(
            func.coalesce(func.sum(StockHold.quantity), 0),
            _held(mine, StockHold.browser, StockHold.customer),
            _held(mine, StockHold.network),
            func.count().filter(
                _alike(mine, StockHold.browser, StockHold.customer, StockHold.network)
            ),
        ).where(StockHold.product_id == mine.product_id)
    ).one()
    session.merge(mine)
    session.flush()
    config, there = current_app.config["CONFIG"], left + others + mine.quantity
    bounds = (
        (by_buyer, config.stock_hold_buyer_percent, Words("one buyer")),
        (by_network, config.stock_hold_network_percent, Words("the buyers of one network")),
    )
    for held, percent, whom in bounds if unfinished else ():
        most = part(there, percent)
        if held + mine.quantity > most:
            raise NotPayableError("hold_limit", _words(name, whom, most, held))
    return is_large(mine.quantity, there, left)


def is_large(quantity: int, there: int, left: int) -> bool:
    """Whether a hold keeps others from much of what is there: it is more than a part, or nothing
    is left beside it. So nobody keeps the last piece for long, nor one network what another one
    leaves."""
    percent = current_app.config["CONFIG"].stock_hold_buyer_percent
    return left == 0 or quantity > part(there, percent)


def part(there: int, percent: int) -> int:
    """So many percent of what is there or held; one at least, or nobody could buy the last one."""
    return max(1, there * percent // 100)


def let_go(session: Session, line_ids: Iterable[int]) -> None:
    """Forget the holds of lines that were paid for, or whose goods were put back; not what their
    buyer left."""
    mine = StockHold.line_id.in_(line_ids), StockHold.quantity > 0
    session.execute(delete(StockHold).where(*mine))


def leave(session: Session, line_ids: Iterable[int]) -> None:
    """Keep in mind who held the goods of these lines, which were put back unpaid."""
    session.execute(update(StockHold).where(StockHold.line_id.in_(line_ids)).values(quantity=0))


def _held(mine: StockHold, *columns: InstrumentedAttribute[str | None]) -> ColumnElement[Any]:
    """How much is held by whoever is alike in one of these."""
    return func.coalesce(func.sum(StockHold.quantity).filter(_alike(mine, *columns)), 0)


def _alike(mine: StockHold, *columns: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    """What is not known of this holder is like nobody's."""
    known = [(column, getattr(mine, column.key)) for column in columns]
    return or_(false(), *(column == value for column, value in known if value is not None))


def _words(name: str, whom: str, most: int, before: int) -> str:
    values = {"most": most, "name": name, "whom": whom}
    if not before:
        return Words(
            "At most %(most)s of %(name)s can be held for %(whom)s until they are paid for, since "
            "a payment was left unfinished. Order fewer, or try again in an hour.",
            **values,
        )
    return Words(
        "At most %(most)s of %(name)s can be held for %(whom)s until they are paid for, and "
        "unfinished payments hold %(before)s. Try again once those payments are finished or have "
        "run out of time.",
        **values,
        before=before,
    )
