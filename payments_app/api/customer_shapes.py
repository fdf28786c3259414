"""What the API takes and gives of customers and their cards."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from payments_app.api.fields import Email, HostId, Name
from payments_app.api.shapes import Sent


class NewCustomer(Sent):
    """Somebody who pays you, by your own id of them."""

    id: HostId
    email: Email
    name: Name | None = None


class CustomersQuery(BaseModel):
    """The newest first. `after` is the id of the last one of the page before."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Customer(BaseModel):
    """A customer of yours. `id` is your own."""

    id: str
    object: Literal["customer"] = "customer"
    email: str
    name: str | None
    created_at: dt.datetime


class Customers(BaseModel):
    """A page of customers."""

    data: list[Customer]
    has_more: bool


class Consent(BaseModel):
    """What the customer agreed to when the card was kept: the words, their version, and when."""

    words: str
    version: str
    given_at: dt.datetime


class Card(BaseModel):
    """A card that its owner agreed to have charged without them. `payment_method` names it in a
    new payment."""

    id: str
    object: Literal["card"] = "card"
    payment_method: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None
    consent: Consent


class Cards(BaseModel):
    """All such cards of a customer, the newest consent first."""

    data: list[Card]


class RemovedCard(BaseModel):
    """A card that is charged no more for this customer."""

    id: str
    object: Literal["card"] = "card"
    removed: Literal[True] = True
