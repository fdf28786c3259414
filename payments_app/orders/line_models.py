"""Lines of orders. The price in minor units, fixed when it is ordered."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import CheckConstraint, ForeignKey, Identity, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from payments_app.core.db.columns import BIGINT
from payments_app.core.extensions import Base
from payments_app.core.language import Words
from payments_app.orders.product_models import Product
from payments_app.orders.stock_holds import StockHold, hold
from payments_app.payments.payable import Holder, NotPayableError


class OrderLine(Base):
    """So many of one product, at the price of that moment."""

    __tablename__ = "pay_order_lines"

    id: Mapped[int] = mapped_column(BIGINT, Identity(), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("pay_orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("pay_products.id"))
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    amount: Mapped[int] = mapped_column(BIGINT)

    product: Mapped[Product] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    def lacking(self, stock: int | None) -> str | None:
        """Why its goods can't be had of such a stock (None: not counted); None where they can."""
        if stock is None or stock >= self.quantity:
            return None
        return Words("Only %(left)s of %(name)s left in stock.", left=stock, name=self.name)

    def take(self, session: Session, holder: Holder) -> bool:
        """Hold the stock, by one statement that can't oversell. What is not counted is not locked.
        Whether it is more than a part of what is there.

        Raises NotPayableError `sold_out` where there are not enough, `hold_limit` where it is too
        much for this holder.
        """
        while (left := self._move_stock(session, -self.quantity)) is None:
            stock = session.get_one(Product, self.product_id, populate_existing=True).stock
            if stock is None:
                return False
            if words := self.lacking(stock):
                raise NotPayableError("sold_out", words)
        held = {"line_id": self.id, "product_id": self.product_id, "quantity": self.quantity}
        return hold(session, StockHold(**held, **asdict(holder)), self.name, left)

    def give_back(self, session: Session) -> None:
        """Release the held stock."""
        self._move_stock(session, self.quantity)

    def _move_stock(self, session: Session, by: int) -> int | None:
        """What is left; None where there was not enough, or it is not counted."""
        return session.scalar(
            update(Product)
            .where(Product.id == self.product_id)
            .where(Product.stock + by >= 0)
            .values(stock=Product.stock + by, version=Product.version + 1)
            .returning(Product.stock)
            .execution_options(synchronize_session=False)
        )


def line_of(session: Session, said: str) -> OrderLine | None:
    """A line as `Order.stripe_facts` says it; None where there is no such product here."""
    quantity, _, rest = said.partition(" ")
    amount, _, slug = rest.partition(" ")
    product = session.scalar(select(Product).where(Product.slug == slug))
    if product is None or not (quantity.isdecimal() and amount.isdecimal()):
        return None
    return OrderLine(product=product, name=product.name, quantity=int(quantity), amount=int(amount))
