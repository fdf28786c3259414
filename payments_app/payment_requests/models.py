"""A payment request: the payable of an application that keeps its own orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from sqlalchemy import CheckConstraint, Index, String, Text, false, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, JSON_TYPE, Key
from payments_app.core.db.ids import new_id
from payments_app.core.email_addresses import without_addresses
from payments_app.core.extensions import Base
from payments_app.core.language import Words, as_said
from payments_app.core.money import Money
from payments_app.core.web.links import sign_name
from payments_app.payment_requests.consents import KEPT_WORDS, chargeable_card, keep_consent
from payments_app.payment_requests.customer_models import ApplicationCustomer
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Bought, Item, NotPayableError, Payable, find_payable
from payments_app.payments.repeatable import hashed
from payments_app.payments.said import said
from payments_app.payments.transactions.stripe_metadata import sealed_fingerprint

EXPIRED = Words("This payment link has expired. Nothing was charged. Ask for a new one.")
CANCELED = Words("This payment was cancelled. Nothing was charged.")


class PaymentRequest(Payable, Base):
    """`amount` in minor units. `reference` and `labels` (metadata) are the asker's own, and say
    nothing to us. After `expires_at`, and once it is cancelled, nobody can begin to pay it; what
    was begun goes on to its end. With `owed_type` and `owed_id` it asks for another payable, such
    as an order, which is what is paid then. Its link is `signed`; those of before were not.
    `customer_id` names the asker's customer (ApplicationCustomer); `terms` are the words that the
    buyer agrees to where the card is kept, as they were then."""

    __tablename__ = "pay_payment_requests"
    payable_type = "payment_request"
    payable_prefix = "prq"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("prq"))
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(500))
    reference: Mapped[str | None] = mapped_column(Key(200), index=True)
    email: Mapped[str | None] = mapped_column(Key(254))
    line_items: Mapped[list[dict[str, Any]]] = mapped_column(JSON_TYPE, default=list)
    labels: Mapped[dict[str, Any]] = mapped_column("metadata", JSON_TYPE, default=dict)
    return_url: Mapped[str | None] = mapped_column(Key(2000))
    cancel_url: Mapped[str | None] = mapped_column(Key(2000))
    save_card: Mapped[bool] = mapped_column(default=False, server_default=false())
    customer_id: Mapped[str | None] = mapped_column(Key(40))
    terms: Mapped[str | None] = mapped_column(Text)
    terms_version: Mapped[str | None] = mapped_column(String(20))
    owed_type: Mapped[str | None] = mapped_column(Key(40))
    owed_id: Mapped[str | None] = mapped_column(Key(40), index=True)
    signed: Mapped[bool] = mapped_column(default=True, server_default=false())
    expires_at: Mapped[dt.datetime | None]
    canceled_at: Mapped[dt.datetime | None]
    created_by: Mapped[str] = mapped_column(String(80))
    # The asker's key with whose it is, hashed: the last line against asking twice.
    idempotency_key: Mapped[str | None] = mapped_column(Key(64), unique=True)
    fingerprint: Mapped[str | None] = mapped_column(Key(64))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("lower(currency) = currency AND length(currency) = 3", name="currency"),
        Index("pay_payment_requests_created_at_id_idx", "created_at", "id"),
    )

    @property
    def checkout_name(self) -> str:
        """Its id, signed."""
        return sign_name(self.id)

    @property
    def opens_unsigned(self) -> bool:
        """Only where its link was sent before links were signed."""
        return not self.signed

    @property
    def paid_type(self) -> str:
        """The type of what is paid where this is; `paid_id` is its id."""
        return self.owed_type or self.payable_type

    @property
    def paid_id(self) -> str:
        """The id of what is paid where this is."""
        return self.owed_id or self.id

    def owed(self, session: Session, *, lock: bool = False) -> Payable | None:
        """Itself, or what it asks for."""
        return self if self.owed_id is None else find_payable(session, self.owed_id, lock=lock)

    @property
    def price(self) -> Money:
        """What is asked for; of another payable, what that was when it was asked for."""
        return Money(self.amount, self.currency)

    @property
    def payment_description(self) -> str:
        """What the buyer reads in the description of the payment."""
        owed = find_payable(self._session(), self.owed_id) if self.owed_id else None
        if owed is None:
            return self.description
        return said(lambda: owed.payment_description, self.description)

    @property
    def items(self) -> Sequence[Item]:
        """Its lines, where the asker said any."""
        said = [
            Item(line["description"], line["quantity"], Money(line["amount"], self.currency))
            for line in self.line_items
        ]
        return said or super().items

    @property
    def in_words(self) -> str:
        """The lines in words: "2 x Ticket, 1 x Programme"."""
        return ", ".join(
            item["description"]
            if item["quantity"] == 1
            else f"{item['quantity']} \u00d7 {item['description']}"
            for item in self.line_items
        )

    @property
    def payer_email(self) -> str | None:
        """The address that the asker named."""
        return self.email

    @property
    def card_terms(self) -> str:
        """What the buyer agrees to, where the asker wants the card kept."""
        return as_said(self.terms or KEPT_WORDS, KEPT_WORDS) if self.save_card else ""

    def card_again(self, payment_method: str) -> str | None:
        """A customer of the asker's is charged again only by their consent."""
        if self.customer_id is None:
            return ""
        card = chargeable_card(self._session(), self.customer_id, payment_method)
        return None if card is None else ""

    def after_payment(self, session: Session, transaction: Transaction) -> None:
        """Keep what its buyer agreed to, with the card that they paid with."""
        if self.customer_id and self.save_card and self.terms and self.terms_version:
            keep_consent(session, self.customer_id, (self.terms, self.terms_version), transaction)

    def closed(self, session: Session) -> str | None:
        """Why nobody can begin to pay it any more; None while they can."""
        if self.canceled_at is not None:
            return CANCELED
        now = session.execute(select(database_now())).scalar_one()
        if self.expires_at is not None and self.expires_at <= now:
            return EXPIRED
        owed = self.owed(session)
        return None if owed is self else owed.closed(session) if owed else CANCELED

    def before_payment(self, session: Session, customer_id: str) -> None:
        """It is still open. Raises NotPayableError where it is not."""
        if words := self.closed(session):
            raise NotPayableError("canceled" if words == CANCELED else "expired", words)

    def way_back(self, *, paid: bool) -> str | None:
        """Where the asker wants the buyer back, with the id of what was paid or left."""
        to = self.return_url if paid else self.cancel_url or self.return_url
        if to is None:
            return None
        parts = urlsplit(to)
        query = "&".join(part for part in (parts.query, urlencode({"payment": self.id})) if part)
        return urlunsplit(parts._replace(query=query))

    def public_facts(self) -> dict[str, Any]:
        """The asker's own words for it."""
        return {"reference": self.reference, "metadata": self.labels}

    def stripe_facts(self) -> dict[str, str]:
        """Its description, the asker's name for it, and our id of their customer. Askers may write
        whose it is into the first two: an address in the description is cut, and a reference that
        holds one is not told."""
        told = self.reference or ""
        return {
            **self._told_key(),
            "description": without_addresses(self.description),
            "reference": told if told == without_addresses(told) else "",
            "customer": self.customer_id or "",
        }

    @classmethod
    def rebuild(
        cls, session: Session, payable_id: str, facts: Mapping[str, str], bought: Bought
    ) -> PaymentRequest | None:
        """The request without its addresses and terms, which Stripe was not told: what was agreed
        to since the backup may have ended since, so its buyer is asked anew. A customer who was
        stored since is not here."""
        if bought.money.amount <= 0:
            return None
        customer = session.get(ApplicationCustomer, facts.get("customer") or "")
        request = cls(
            id=payable_id,
            amount=bought.money.amount,
            currency=bought.money.currency,
            description=facts.get("description") or "Payment",
            reference=facts.get("reference") or None,
            customer_id=customer.id if customer else None,
            created_by="restore",
            created_at=bought.at,
            **_key_told(session, facts),
        )
        session.add(request)
        return request

    def _told_key(self) -> dict[str, str]:
        """The asker's key and the fingerprint, so that a repeated request is known after a restore,
        which left the fingerprint as Stripe holds it."""
        key, wish = hashed(self.idempotency_key), self.fingerprint
        if not key or not wish:
            return {}
        told = wish if self.created_by == "restore" else sealed_fingerprint(wish)
        return {"client_key": key, "wish": told}


def _key_told(session: Session, facts: Mapping[str, str]) -> dict[str, str | None]:
    """The key that made a request, and its fingerprint as Stripe holds it. A key that has made
    another one since then stays with that."""
    key = hashed(facts.get("client_key"))
    if key is None:
        return {}
    taken = select(PaymentRequest.id).where(PaymentRequest.idempotency_key == key)
    if session.scalar(taken) is not None:
        return {}
    return {"idempotency_key": key, "fingerprint": hashed(facts.get("wish"))}
