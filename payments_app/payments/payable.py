"""The mixin of everything that can be paid for: twenty lines make a new payable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, event, select
from sqlalchemy.orm import InstrumentedAttribute, Session, object_session

from payments_app.core.card_numbers import mask
from payments_app.core.money import Money
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable_rules import check_class, check_key
from payments_app.payments.queries import attempts, joined, record_of
from payments_app.payments.said import known_price, said

_NEWEST_FIRST = (PaymentRecord.created_at.desc(), PaymentRecord.id.desc())
_KINDS: dict[str, type[Payable]] = {}


class NotPayableError(Exception):
    """The payable can't be paid for just now; the message says why, in a buyer's words."""

    def __init__(self, code: str, message: str, endpoint: str = "") -> None:
        """`endpoint` names the page where the buyer sees what is in the way, if there is one."""
        super().__init__(message)
        self.code, self.message, self.endpoint = code, message, endpoint


@dataclass(frozen=True)
class Item:
    """So many of one thing that is paid for; `price` is that of one. `picture` is the address of
    one on this site, empty for none: pages load pictures of no other site. A card's number in its
    name, which a host application takes from anywhere, is cut: refunds and mails keep it."""

    name: str
    quantity: int
    price: Money
    picture: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", mask(self.name))

    @property
    def total(self) -> Money:
        """The price of all of them."""
        return self.price * self.quantity


@dataclass(frozen=True)
class Bought:
    """How what is rebuilt was bought: by whom (None: that is lost), for how much, when."""

    customer_id: str | None
    money: Money
    at: dt.datetime


@dataclass(frozen=True)
class Holder:
    """For whom something is kept from others, as keyed hashes of up to 40 characters: a browser,
    the customer whom it is known to be, its network. None: not known."""

    browser: str | None = None
    customer: str | None = None
    network: str | None = None


NOBODY = Holder()


class Payable:
    """Inherit it, name `payable_type` and `payable_prefix` (of its ids), and say `price` and
    `payment_description`."""

    payable_type: ClassVar[str]
    payable_prefix: ClassVar[str]
    owned_at: ClassVar[str] = ""  # endpoint of the page where its owner sees what they have of it
    payable_role: ClassVar[str] = Role.PAYS_FOR
    id: str

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        check_class(cls, Payable, _KINDS.values())
        _KINDS[cls.payable_type] = cls

    @property
    def price(self) -> Money:
        """What is to be paid."""
        raise NotImplementedError

    @property
    def payment_description(self) -> str:
        """What the buyer reads in the description of the payment."""
        raise NotImplementedError

    @property
    def items(self) -> Sequence[Item]:
        """What a buyer gets for it; none where nothing is bought, or has no price."""
        price = known_price(self)
        return () if price is None else (Item(self.payment_description, 1, price),)

    @property
    def summary(self) -> str:
        """What the checkout says of it besides; may be empty."""
        return ""

    @property
    def card_terms(self) -> str:
        """What a buyer agrees to by paying, where the card is kept for payments to come; empty
        where they are asked whether it should be."""
        return ""

    @property
    def heading(self) -> str:
        """What the checkout's page is called; empty: what fits its price."""
        return ""

    @property
    def button(self) -> str:
        """What the checkout's button says; empty: what fits its price."""
        return ""

    @property
    def payee_id(self) -> str | None:
        """The id of the merchant who is paid; None: the shop itself."""
        return None

    @property
    def checkout_name(self) -> str:
        """What the address of its checkout names it by."""
        return self.id

    @property
    def opens_unsigned(self) -> bool:
        """Whether its id alone opens its checkout; else it takes the signed `checkout_name`."""
        return True

    def owed(self, session: Session, *, lock: bool = False) -> Payable | None:
        """What is paid where this is: itself, or what it asks for, locked where that is wanted;
        None where that is not there any more."""
        return self

    def closed(self, session: Session) -> str | None:
        """Why nobody can begin to pay for it any more, in a buyer's words; None while they can."""
        return None

    def way_back(self, *, paid: bool) -> str | None:
        """The address, or the path, to which the buyer goes back, once it is paid or where they do
        not want to pay; None: they stay with us."""
        return None

    @property
    def payer_email(self) -> str | None:
        """Who is asked to pay, where that is known. The form says it masked: whoever has the link
        reads that."""
        return None

    def public_facts(self) -> dict[str, Any]:
        """What an event about its payment says of it, beside its type and id."""
        return {}

    def card_again(self, payment_method: str) -> str | None:
        """What staff have to know before this saved card is charged again, without its owner;
        None where it may not be."""
        return ""

    @classmethod
    def download_url(cls, session: Session, payable_id: str) -> str | None:  # noqa: ARG003
        """Where the buyer of one gets it, once it is paid for; None of what is handed over in
        another way, or is not owed."""
        return None

    def stripe_facts(self) -> dict[str, str]:
        """What `rebuild` needs beside the id and the price, as its payments say it in Stripe's
        metadata: nothing personal, 30 values at most, of 500 characters each."""
        return {}

    @classmethod
    def rebuild(
        cls,
        session: Session,  # noqa: ARG003
        payable_id: str,  # noqa: ARG003
        facts: Mapping[str, str],  # noqa: ARG003
        bought: Bought,  # noqa: ARG003
    ) -> Payable | None:
        """The payable of this id, stored anew from its facts, since it was made after the backup
        that was restored; None where they do not suffice."""
        return None

    def already(self, session: Session, customer_id: str, browser: str | None) -> str | None:
        """Why this is not sold to the customer, who has it already, in a sentence for them. A
        `browser` has not proved to be theirs: whoever types an address is told nothing of what its
        owner has, but where so many to a customer are all that may be sold. With None all counts,
        but what waits for the bank's check: whoever types an address may leave that open, to keep
        its owner out."""
        return None

    @classmethod
    def asks_for_card(
        cls,
        payable_id: InstrumentedAttribute[str],  # noqa: ARG003
    ) -> ColumnElement[bool] | None:
        """Condition on a payable's id: it is asked `already_with` before a card is charged for it.
        None of a kind that never is."""
        return None

    def already_with(self, session: Session, card: str) -> str | None:
        """Why this is not sold for this card (Stripe's name of its number), in a sentence: what was
        sent to be charged to it counts, whoever's e-mail address was typed. It asks in the database
        transaction that marks its own charge as sent."""
        return None

    def before_payment(self, session: Session, customer_id: str) -> None:
        """What has to happen before an attempt is stored, in its database transaction.

        Raises NotPayableError where the payable can't be paid for.
        """

    def reserve(self, session: Session, holder: Holder = NOBODY) -> None:
        """What the attempt keeps from others, such as goods: last in its database transaction,
        since whoever wants the same waits until it commits.

        Raises NotPayableError where there is not enough, or too much for this holder.
        """

    def after_payment(self, session: Session, transaction: Transaction) -> None:
        """What follows a payment for it that has ended, complete or failed: by a job, in a
        database transaction, with this row locked. It may run twice, and late, so it looks at what
        is. The transaction's `state` says how it ended."""

    def after_refund(self, session: Session, transaction: Transaction, returned: Money) -> None:
        """What follows a refund of a payment for it that has succeeded, or failed after that: as
        `after_payment`, and not before that. `returned` is all of it that went back by now."""

    @property
    def payment_records(self) -> Sequence[PaymentRecord]:
        """The records that join this payable to its transactions, newest first."""
        mine = select(PaymentRecord).where(record_of(self.payable_type, self.id, self.payable_role))
        return self._session().scalars(mine.order_by(*_NEWEST_FIRST)).all()

    @property
    def transactions(self) -> Sequence[Transaction]:
        """Every attempt to take money for this payable, newest first."""
        mine = attempts(self.payable_type, self.id, self.payable_role)
        return self._session().scalars(mine.order_by(*_NEWEST_FIRST)).all()

    def _session(self) -> Session:
        session = object_session(self)
        if session is None:
            raise RuntimeError(f"{self.payable_type} {self.id} is not in a session")
        return session


event.listen(Payable, "after_mapper_constructed", check_key, propagate=True)


def terms_of(session: Session, transaction_id: str, amount: int) -> str | None:
    """What comes after something that is free now, as its payable says: until when, and what it
    costs then. None of what costs something, or stays free."""
    if amount > 0:
        return None
    paid_for = session.scalar(joined(transaction_id, Role.PAYS_FOR))
    payable = find_payable(session, paid_for) if paid_for else None
    if payable is None:
        return None
    return said(lambda: payable.summary if payable.card_terms else None, None)


def checkout_path(session: Session, payable_type: str, payable_id: str) -> str | None:
    """The path of the page that pays for it, with its signature where it needs one; None where
    there is no such page. Of a kind that this process does not know its id is all there is."""
    if payable_type not in _KINDS:
        return f"/checkout/{payable_id}"
    payable = find_payable(session, payable_id)
    name = said(lambda: payable.checkout_name, None) if payable is not None else None
    return f"/checkout/{name}" if name else None


def payable_kinds() -> dict[str, type[Payable]]:
    """Every payable by its type name."""
    return dict(_KINDS)


def find_payable(session: Session, public_id: str, *, lock: bool = False) -> Payable | None:
    """The payable of this public id, of whatever kind; locked for a payment where asked."""
    prefix = public_id.partition("_")[0]
    for kind in _KINDS.values():
        if kind.payable_prefix == prefix and kind.payable_role == Role.PAYS_FOR:
            locked = {"of": kind} if lock else None
            return session.get(kind, public_id, with_for_update=locked, populate_existing=lock)
    return None
