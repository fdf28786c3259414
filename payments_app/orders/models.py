"""Orders. Prices in minor units, fixed on the line when it is ordered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column, relationship

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import advisory_lock
from payments_app.core.extensions import Base
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.language import Words, message
from payments_app.core.money import Money
from payments_app.orders.line_models import OrderLine, line_of
from payments_app.orders.product_models import Product
from payments_app.orders.stock_holds import END_LARGE_HOLD, LARGE_HOLD_SECONDS, leave, let_go
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.payable import NOBODY, Bought, Holder, Item, Payable
from payments_app.payments.phases import Phase
from payments_app.payments.queries import attempts, is_active, waits_for_buyer

_NOT_YOU = Words(
    "If that was not you, sign in by a link that we e-mail to you, and order it again."
)


class Order(Payable, Base):
    """What a buyer ordered. `total` in minor units, fixed when it is placed."""

    __tablename__ = "pay_orders"
    payable_type = "order"
    payable_prefix = "ord"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ord"))
    number: Mapped[str] = mapped_column(String(20), unique=True)
    # Known from the first attempt to pay on.
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("pay_customers.id"), index=True)
    merchant_id: Mapped[str | None] = mapped_column(ForeignKey("pay_merchants.id"))
    status: Mapped[str] = mapped_column(String(16), default="open")
    hold: Mapped[str] = mapped_column(String(16), default="none", server_default="none")
    total: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    paid_at: Mapped[dt.datetime | None]
    fulfilled_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    lines: Mapped[list[OrderLine]] = relationship(lazy="joined", order_by="OrderLine.id")

    __table_args__ = (
        CheckConstraint("total >= 0", name="total_not_negative"),
        CheckConstraint("status IN ('open', 'paid', 'payment_failed')", name="status"),
        CheckConstraint("(status = 'paid') = (paid_at IS NOT NULL)", name="paid_at"),
        CheckConstraint("hold IN ('none', 'held', 'released', 'taken')", name="hold"),
        CheckConstraint("fulfilled_at IS NULL OR status = 'paid'", name="fulfilled_is_paid"),
    )

    @property
    def price(self) -> Money:
        """The order's total."""
        return Money(self.total, self.currency)

    @property
    def payment_description(self) -> str:
        """What the buyer reads in the description of the payment."""
        return Words("Order #%(number)s", number=self.number)

    @property
    def items(self) -> Sequence[Item]:
        """Its lines, with what their products look like now."""
        return [
            Item(line.name, line.quantity, Money(line.amount, self.currency), line.product.picture)
            for line in self.lines
        ]

    @property
    def payee_id(self) -> str | None:
        """Whoever sells its goods."""
        return self.merchant_id

    def stripe_facts(self) -> dict[str, str]:
        """Its number, and each line as quantity, price of one, and the product's name."""
        lines = enumerate(sorted(self.lines, key=lambda line: line.id), 1)
        return {
            "number": self.number,
            **{f"line_{n}": f"{one.quantity} {one.amount} {one.product.slug}" for n, one in lines},
        }

    @classmethod
    def rebuild(
        cls, session: Session, payable_id: str, facts: Mapping[str, str], bought: Bought
    ) -> Order | None:
        """The order with its lines, if its products are here and make up its price. Its goods are
        taken once its payment is followed."""
        lines = [line_of(session, said) for name, said in facts.items() if name.startswith("line_")]
        known = [line for line in lines if line is not None]
        total = sum(line.quantity * line.amount for line in known)
        sellers = {line.product.merchant_id for line in known}
        if len(known) != len(lines) or total != bought.money.amount or len(sellers) != 1:
            return None
        order = cls(
            id=payable_id,
            number=facts.get("number", "")[:20] or payable_id[-10:].upper(),
            customer_id=bought.customer_id,
            merchant_id=sellers.pop(),
            total=total,
            currency=bought.money.currency,
            created_at=bought.at,
            lines=known,
        )
        session.add(order)
        return order

    def already(self, session: Session, customer_id: str, browser: str | None) -> str | None:
        """Whether there is something in it of which the customer has as many as one may have.
        Whoever has not proved to be them is told so too: there would be no such limit else."""
        theirs = Order.customer_id == customer_id
        if browser is None:
            theirs &= ~waits_for_buyer(Order.payable_type, Order.id)
        said = self._too_many(session, f"per_customer:{customer_id}", theirs)
        if said is None or browser is None:
            return said
        return Words.made(lambda: f"{said} {_NOT_YOU}")

    @classmethod
    def asks_for_card(cls, payable_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        """Of which there are so many to a customer."""
        limited = select(OrderLine.id).join(OrderLine.product)
        return limited.where(
            OrderLine.order_id == payable_id, Product.per_customer.is_not(None)
        ).exists()

    def already_with(self, session: Session, card: str) -> str | None:
        """The same as `already`, by the card."""
        sent = Transaction.card_fingerprint == card, Transaction.confirm_sent_at.is_not(None)
        theirs = is_active(Order.payable_type, Order.id, *sent)
        return self._too_many(session, f"per_card:{card}", theirs)

    def _too_many(self, session: Session, whose: str, theirs: ColumnElement[bool]) -> str | None:
        """Whether there is something in it of which they have as many as one may have. Whoever
        asks at the same time of the same customer, or card, waits for the answer."""
        limited = [line for line in self.lines if line.product.per_customer is not None]
        if limited:
            advisory_lock(session, whose)
        for line in limited:
            most, had = line.product.per_customer, self._had(session, line, theirs)
            if most is not None and had + line.quantity > most:
                values = {"name": line.name, "most": most, "had": had}
                if most == 1:
                    words = message(
                        "%(name)s: One to a customer, and you have ordered %(had)s already."
                    )
                    return Words(words, **values)
                words = message(
                    "%(name)s: %(most)s to a customer, and you have ordered %(had)s already."
                )
                return Words(words, **values)
        return None

    def _had(self, session: Session, line: OrderLine, theirs: ColumnElement[bool]) -> int:
        """How many of a line's product are in other orders of theirs, paid or being paid."""
        had = select(func.sum(OrderLine.quantity)).join(Order)
        being_paid = and_(Order.hold == "held", is_active(Order.payable_type, Order.id))
        had = had.where(
            OrderLine.product_id == line.product_id,
            or_(Order.hold == "taken", being_paid),
            Order.id != self.id,
            theirs,
        )
        return int(session.scalar(had) or 0)

    def closed(self, session: Session) -> str | None:
        """Which of its goods are sold out; None while they are there, or held for it."""
        if self.hold in ("held", "taken"):
            return None
        lacking = (line.lacking(line.product.stock) for line in self.lines)
        return next((words for words in lacking if words), None)

    def before_payment(self, session: Session, customer_id: str) -> None:
        """It belongs to whoever first tries to pay for it."""
        self.customer_id = self.customer_id or customer_id

    def reserve(self, session: Session, holder: Holder = NOBODY) -> None:
        """Hold the goods for this attempt, if they are not held already; always in the order of
        the products' ids, so that two orders never wait for each other. What an attempt before
        it held, which has ended and is not followed yet, is not held on: its buyer may have left
        it so.

        Raises NotPayableError `sold_out`, with what is left, where there are not enough, and
        `hold_limit` where the holder would hold more than one may.
        """
        if self.hold == "held" and holder != NOBODY:
            self.release(session, unfinished=self.was_left(session))
        if self.hold not in ("held", "taken"):
            self.hold = "held"
            session.flush()  # what is written after the first line is taken keeps others waiting
            lines = sorted(self.lines, key=lambda line: line.product_id)
            are_large = [line.take(session, holder) for line in lines]
            if any(are_large):
                key = f"{END_LARGE_HOLD}:{self.id}:{len(self.transactions)}"
                outbox.stage(session, END_LARGE_HOLD, self.id, key=key, delay=LARGE_HOLD_SECONDS)

    def was_left(self, session: Session) -> bool:
        """Whether its buyer decided how long its goods were held: an attempt ran out of time, or
        waited for the bank's check, which a buyer may fail in its last minute, again and again."""
        tried = attempts(self.payable_type, self.id).with_only_columns(Transaction.id)
        waited = select(HistoryEntry.id).where(
            HistoryEntry.what == states.EVENT[Phase.REQUIRES_ACTION],
            HistoryEntry.transaction_id.in_(tried),
        )
        ran_out = tried.where(Transaction.phase == Phase.CANCELED)
        return bool(session.scalar(select(or_(waited.exists(), ran_out.exists()))))

    def release(self, session: Session, *, unfinished: bool = False) -> None:
        """Release the held stock, once. What was paid for stays taken. What its buyer left
        `unfinished` is kept in mind."""
        if self.hold == "held":
            if unfinished:
                leave(session, [line.id for line in self.lines])
            self.put_back(session)

    def keep(self, session: Session) -> None:
        """What is held is paid for: it stays taken."""
        self.hold = "taken"
        let_go(session, [line.id for line in self.lines])

    def put_back(self, session: Session) -> bool:
        """Release the held stock; False where it was released before."""
        if self.hold not in ("held", "taken"):
            return False
        for line in sorted(self.lines, key=lambda line: line.product_id):
            line.give_back(session)
        let_go(session, [line.id for line in self.lines])
        self.hold = "released"
        return True
