"""Digital products, and purchases of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import CheckConstraint, ForeignKey, Identity, LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base
from payments_app.core.money import Money
from payments_app.downloads.link import link_to
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Bought, Payable
from payments_app.payments.phases import State
from payments_app.payments.refunds.entitlement import Entitlement, entitlement


class DigitalProduct(Base):
    """A file for sale. `amount` in minor units; the content is read only when it is sent."""

    __tablename__ = "pay_digital_products"

    id: Mapped[int] = mapped_column(BIGINT, Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text, default="")
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    filename: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (CheckConstraint("amount >= 0", name="amount_not_negative"),)

    @property
    def price(self) -> Money:
        """The price."""
        return Money(self.amount, self.currency)


class DigitalPurchase(Payable, Base):
    """A buyer's copy, at the price of that moment. `downloads` counts how often it was fetched."""

    __tablename__ = "pay_digital_purchases"
    payable_type = "digital_purchase"
    payable_prefix = "dig"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("dig"))
    product_id: Mapped[int] = mapped_column(ForeignKey("pay_digital_products.id"))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("pay_customers.id"), index=True)
    status: Mapped[str] = mapped_column(String(16), default="open")
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    delivered_at: Mapped[dt.datetime | None]
    downloads: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    product: Mapped[DigitalProduct] = relationship()

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("status IN ('open', 'paid', 'payment_failed')", name="status"),
        CheckConstraint("(status = 'paid') = (delivered_at IS NOT NULL)", name="delivered_at"),
    )

    @property
    def price(self) -> Money:
        """What it costs."""
        return Money(self.amount, self.currency)

    @property
    def payment_description(self) -> str:
        """What the buyer reads in the description of the payment."""
        return self.product.name

    @property
    def summary(self) -> str:
        """What the checkout says of it."""
        return self.product.summary

    @classmethod
    def download_url(cls, session: Session, payable_id: str) -> str | None:
        """A new link to the file; None unless it was paid for in full, and not refunded."""
        return link_to(payable_id) if session.get_one(cls, payable_id).is_owed(session) else None

    def payment(self) -> Transaction | None:
        """Its complete payment. Of one that was captured in part and given back, and paid anew, the
        one that holds it."""
        complete = [one for one in self.payment_records if one.transaction.state == State.COMPLETE]
        holds = max(complete, key=lambda one: one.active, default=None)
        return holds.transaction if holds is not None else None

    def is_owed(self, session: Session) -> bool:
        """Whether it was paid for in full, and not refunded."""
        paid = self.payment()
        return paid is not None and entitlement(session, paid, self.price) == Entitlement.OWED

    def stripe_facts(self) -> dict[str, str]:
        """The product's name."""
        return {"product": self.product.slug}

    @classmethod
    def rebuild(
        cls, session: Session, payable_id: str, facts: Mapping[str, str], bought: Bought
    ) -> DigitalPurchase | None:
        """The purchase, if its product is here."""
        named = DigitalProduct.slug == facts.get("product", "")
        product = session.scalar(select(DigitalProduct).where(named))
        if product is None:
            return None
        purchase = cls(
            id=payable_id,
            product=product,
            customer_id=bought.customer_id,
            amount=bought.money.amount,
            currency=bought.money.currency,
            created_at=bought.at,
        )
        session.add(purchase)
        return purchase

    def before_payment(self, session: Session, customer_id: str) -> None:
        """Whoever tries to pay for it is its buyer."""
        self.customer_id = self.customer_id or customer_id
