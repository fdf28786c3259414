"""final_bill: what a subscription that ended still owes, a payable of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base
from payments_app.core.language import Words, as_said
from payments_app.core.money import Money
from payments_app.payments.payable import Bought, Payable
from payments_app.subscriptions.models import Subscription


def final_bill_words(plan: str) -> Words:
    """What the buyer reads in the description of one."""
    return Words("Final bill - %(plan)s", plan=plan)


class FinalBill(Payable, Base):
    """What was to go on the next bill of a subscription that has none any more. `amount` in minor
    units."""

    __tablename__ = "pay_final_bills"
    payable_type = "final_bill"
    payable_prefix = "fin"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("fin"))
    subscription_id: Mapped[str] = mapped_column(ForeignKey("pay_subscriptions.id"), index=True)
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    subscription: Mapped[Subscription] = relationship()

    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    @property
    def price(self) -> Money:
        """What is owed."""
        return Money(self.amount, self.currency)

    @property
    def payment_description(self) -> str:
        """What the buyer reads in the description of the payment."""
        return as_said(self.description, final_bill_words(self.subscription.plan.name))

    @property
    def summary(self) -> str:
        """What the checkout says of it."""
        return Words(
            "It was to go on the next bill. The subscription has ended, so this is the last one."
        )

    def stripe_facts(self) -> dict[str, str]:
        """Of which subscription."""
        return {"subscription": self.subscription_id}

    @classmethod
    def rebuild(
        cls, session: Session, payable_id: str, facts: Mapping[str, str], bought: Bought
    ) -> FinalBill | None:
        """The bill, if its subscription is here: what it owes is on this bill."""
        theirs = session.get(Subscription, facts.get("subscription", ""), with_for_update=True)
        if theirs is None or bought.money.amount <= 0:
            return None
        theirs.balance = min(0, theirs.balance)
        bill = cls(
            id=payable_id,
            subscription=theirs,
            amount=bought.money.amount,
            currency=bought.money.currency,
            description=final_bill_words(theirs.plan.name)[:300],
            created_at=bought.at,
        )
        session.add(bill)
        return bill
