"""card_change: a new card for a subscription, entered as for a payment of nothing: a payable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.payments.payable import Bought, Item, NotPayableError, Payable
from payments_app.subscriptions.calendar import day_words
from payments_app.subscriptions.effects import card_words
from payments_app.subscriptions.models import ENDED, Subscription, SubscriptionStatus
from payments_app.subscriptions.preview import at_the_end
from payments_app.subscriptions.settlement import Settlement


class CardChange(Payable, Base):
    """A wish to have a subscription charged to a card that is still to be entered."""

    __tablename__ = "pay_card_changes"
    payable_type = "card_change"
    payable_prefix = "cch"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("cch"))
    subscription_id: Mapped[str] = mapped_column(ForeignKey("pay_subscriptions.id"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    subscription: Mapped[Subscription] = relationship()

    @property
    def price(self) -> Money:
        """Nothing: Stripe keeps the card, by a setup intent."""
        return Money(0, self.subscription.plan.currency)

    @property
    def payment_description(self) -> str:
        """What the buyer reads of it."""
        return Words("Card for %(plan)s", plan=self.subscription.plan.name)

    @property
    def items(self) -> Sequence[Item]:
        """Nothing is bought."""
        return ()

    @property
    def summary(self) -> str:
        """What the card is charged, and when."""
        return card_words(self.subscription, self._at_the_end())

    @property
    def card_terms(self) -> str:
        """What a subscriber agrees to, as with the first payment. Of one that ends nothing more is
        charged than what it owes then."""
        trial = self.subscription.status == SubscriptionStatus.TRIALING
        kept = Words("You agree that your card is kept.")
        settlement = self._at_the_end()
        if settlement is not None and settlement.charged:
            money = Money(settlement.charged, settlement.currency)
            day = day_words(self.subscription.billed_until)
            return Words(
                "You agree that your card is kept, and charged %(money)s on %(day)s.",
                money=money,
                day=day,
            )
        if settlement is not None:
            return kept
        return self.subscription.plan.terms(trial=trial) or kept

    @property
    def button(self) -> str:
        """It starts nothing, and gets nothing. The card may be one that was saved before."""
        return Words("Use this card")

    def _at_the_end(self) -> Settlement | None:
        return at_the_end(self._session(), self.subscription, utcnow())

    def stripe_facts(self) -> dict[str, str]:
        """Of which subscription."""
        return {"subscription": self.subscription_id}

    @classmethod
    def rebuild(
        cls, session: Session, payable_id: str, facts: Mapping[str, str], bought: Bought
    ) -> CardChange | None:
        """The change, if its subscription is here."""
        theirs = session.get(Subscription, facts.get("subscription", ""))
        if theirs is None:
            return None
        made = cls(id=payable_id, subscription=theirs, created_at=bought.at)
        session.add(made)
        return made

    def closed(self, session: Session) -> str | None:
        """Why no card is taken any more: its subscription has ended."""
        return ENDED if self.subscription.status == SubscriptionStatus.CANCELED else None

    def before_payment(self, session: Session, customer_id: str) -> None:
        """Refuse a card for a subscription that has ended."""
        if words := self.closed(session):
            raise NotPayableError("subscription_ended", words)
