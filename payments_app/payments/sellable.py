"""What can be bought by a name. A payable is what was bought already, and is still to be paid for.

The application holds one Sellable for each kind, in the shop's order: the checkout asks each of
them for a name, and knows none of the kinds itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from payments_app.core.money import Money
from payments_app.payments.payable import Item, Payable

# What may name an item, slug or public id. Nothing else reaches the database.
ITEM = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True)
class Choice:
    """A quantity with its price."""

    quantity: int
    price: Money


@dataclass(frozen=True)
class Offer:
    """What one page of the checkout offers. `price` is that of one; `max_quantity` is None where
    one is all that there is, whatever quantity is asked for. `card_terms` say what the buyer agrees
    to where the card is kept in any case; `payee_id`, `heading` and `button` are as a payable's.
    `way_back` is the address of another site that a buyer who does not want to pay goes back to.
    `asked_of` is the masked address of whoever is asked to pay. `placed` are the items of something
    that was placed already, None where the buyer chooses so many of one thing. `refusal` says why
    not even one can be bought just now, empty where it can. `picture` is as an Item's.

    `begin(session, quantity, customer_id)` gives the payable to pay for, stored and still open, in
    the caller's database transaction.
    """

    item: str
    name: str
    summary: str
    price: Money
    begin: Callable[[Session, int, str], Payable]
    max_quantity: int | None = None
    card_terms: str = ""
    payee_id: str | None = None
    way_back: str | None = None
    heading: str = ""
    button: str = ""
    asked_of: str = ""
    placed: Sequence[Item] | None = None
    refusal: str = ""
    picture: str = ""

    def items(self, quantity: int) -> Sequence[Item]:
        """What a buyer of so many gets; none where nothing is bought."""
        if self.placed is not None:
            return self.placed
        return (Item(self.name, quantity, self.price, self.picture),)

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """Each quantity that may be bought; one where it is fixed."""
        return tuple(Choice(n, self.price * n) for n in range(1, (self.max_quantity or 1) + 1))

    def choice(self, quantity: str) -> Choice:
        """The choice of this quantity as it was typed, else the first."""
        return next((c for c in self.choices if str(c.quantity) == quantity), self.choices[0])

    def price_of(self, quantity: int) -> Money:
        """What so many cost."""
        return self.price if self.max_quantity is None else self.price * quantity


@dataclass(frozen=True)
class Sellable:
    """A kind of thing that is for sale. `find(session, name)` gives the offer of a name, and None
    for a name of something else. `template` shows on the shop's page all the `things` that are for
    sale just now; without one they are not listed there."""

    find: Callable[[Session, str], Offer | None]
    template: str | None = None
    things: Callable[[Session], Sequence[Any]] = lambda _: ()


def sellables() -> Sequence[Sellable]:
    """Every kind of thing that this application sells, in the shop's order."""
    registered: Sequence[Sellable] = current_app.extensions["sellables"]
    return registered
