"""Products, and their pictures. The price in minor units."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Identity, LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.extensions import Base
from payments_app.core.money import Money
from payments_app.core.web.links import on_site

PICTURES_PATH = "/pictures/"


class ProductPicture(Base):
    """The picture of a product. `type` ends its name; the content is read only when it is sent."""

    __tablename__ = "pay_product_pictures"

    product_id: Mapped[int] = mapped_column(ForeignKey("pay_products.id"), primary_key=True)
    type: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    __table_args__ = (CheckConstraint("type IN ('svg', 'png', 'jpeg', 'webp')", name="type"),)


class Product(Base):
    """Something for sale. `amount` is the price of one, in minor units."""

    __tablename__ = "pay_products"

    id: Mapped[int] = mapped_column(BIGINT, Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text, default="")
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    max_quantity: Mapped[int] = mapped_column(default=10)
    per_customer: Mapped[int | None]  # how many one may have in all; None: as many as they want
    stock: Mapped[int | None]  # how many may still be ordered; None: as many as anybody wants
    active: Mapped[bool] = mapped_column(default=True)
    # Who sells it and is paid for it; None: the shop itself.
    merchant_id: Mapped[str | None] = mapped_column(ForeignKey("pay_merchants.id"))
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[dt.datetime] = mapped_column(
        server_default=database_now(), onupdate=database_now()
    )
    # Read with the product, however many there are, and never its bytes; None without a picture.
    picture_name: Mapped[str | None] = column_property(
        select(ProductPicture.sha256 + "." + ProductPicture.type)
        .where(ProductPicture.product_id == id)
        .correlate_except(ProductPicture)
        .scalar_subquery()
    )

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("max_quantity > 0", name="quantity_positive"),
        CheckConstraint("stock >= 0", name="never_oversold"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form

    @property
    def price(self) -> Money:
        """The price of one."""
        return Money(self.amount, self.currency)

    @property
    def picture(self) -> str:
        """The address of its picture, which changes with it; empty without one."""
        return on_site(PICTURES_PATH + self.picture_name) if self.picture_name else ""

    @property
    def most(self) -> int:
        """How many may be ordered at once."""
        return min(self.max_quantity, self.per_customer or self.max_quantity)
