"""What the API takes and gives: the models behind its OpenAPI document.

Amounts are whole numbers of minor units (1099 is $10.99, and 1099 is also JPY 1,099). Times are by
RFC 3339: sent with any zone, answered in UTC as core.db.clock.rfc3339 writes them.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from payments_app.api.fields import (
    MOST,
    Address,
    Amount,
    Currency,
    Email,
    HostId,
    Labels,
    Reference,
    Text,
    Time,
)
from payments_app.payment_requests.find import Status
from payments_app.payments.truth import (
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    PARTLY_REFUNDED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
)


class Sent(BaseModel):
    """A field that we do not know is refused: it would be ignored, and somebody relies on it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class LineItem(Sent):
    """So many of one thing; `amount` is the price of one."""

    description: Text
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    amount: Annotated[int, Field(strict=True, ge=0, le=MOST)]


class NewPayment(Sent):
    """What the buyer is asked to pay, and where they come back to."""

    amount: Amount
    currency: Currency
    description: Text
    reference: Reference | None = None
    email: Email | None = None
    line_items: Annotated[list[LineItem], Field(max_length=100)] = []
    metadata: Labels = {}
    return_url: Address
    cancel_url: Address | None = None
    expires_at: Time | None = None
    save_card: Annotated[bool, Field(strict=True)] = False
    customer: HostId | None = None
    payment_method: Annotated[str, Field(pattern=r"^pm_\w+$", max_length=255)] | None = None


def _given(typed: Any) -> Any:
    """None is what JSON has for a number that could not be read."""
    if typed is None:
        raise ValueError("This must be a whole number. Leave it out to give back all that is left.")
    return typed


def _left_out(schema: dict[str, Any]) -> None:
    """Who reads the document must not send a default that is refused."""
    del schema["default"]


class NewRefund(Sent):
    """Without an amount, all that is left of the payment is given back."""

    amount: Annotated[
        Amount | SkipJsonSchema[None],
        BeforeValidator(_given),
        Field(json_schema_extra=_left_out),
    ] = None
    reason: Text


class NoQuery(Sent):
    """An address without parameters: what it does not take would be ignored."""


class ListQuery(BaseModel):
    """Which payments are listed, the newest first. `after` is the id of the last one of the page
    before. metadata[NAME]=VALUE asks for what was stored so."""

    model_config = ConfigDict(extra="allow")

    reference: str | None = None
    status: Status | None = None
    created_from: Time | None = None
    created_before: Time | None = None
    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class EventsQuery(BaseModel):
    """Which events are listed, the oldest first. `after` is the id of the last one that you know;
    `since` begins with a time instead."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = None
    since: Time | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class LastError(BaseModel):
    """Why the last try failed: the code for programs, the sentence for the buyer."""

    code: str
    message: str


class PaidStatus(StrEnum):
    """What became of the money, as staff read it: once it is refunded or disputed it is no more
    `paid`."""

    PAID = "paid"
    REFUND_PENDING = REFUND_PENDING
    PARTLY_REFUNDED = PARTLY_REFUNDED
    REFUNDED = REFUNDED
    REFUND_FAILED = REFUND_FAILED  # it did not reach the buyer, and is owed to them still
    DISPUTED = DISPUTED
    DISPUTE_LOST = DISPUTE_LOST
    DISPUTE_WON = DISPUTE_WON  # and less came back than was taken


class Payment(BaseModel):
    """A payment as it is now. `next_url` is where to send the buyer while it can be paid.
    `paid_status` is null until it was paid."""

    id: str
    object: Literal["payment"] = "payment"
    status: Status
    paid_status: PaidStatus | None
    amount: int
    currency: str
    amount_received: int
    amount_refunded: int
    description: str
    reference: str | None
    email: str | None
    line_items: list[dict[str, Any]]
    metadata: dict[str, str]
    return_url: str | None
    cancel_url: str | None
    save_card: bool
    customer: str | None
    next_url: str | None
    transaction: str | None
    last_error: LastError | None
    livemode: bool
    created_at: dt.datetime
    expires_at: dt.datetime | None
    canceled_at: dt.datetime | None


class Payments(BaseModel):
    """A page of payments."""

    data: list[Payment]
    has_more: bool


class Refund(BaseModel):
    """Money on its way back, or given back. `status`: requested, processing, unknown (Stripe is
    asked), pending, requires_action, succeeded, failed, canceled."""

    id: str
    object: Literal["refund"] = "refund"
    payment: str
    amount: int
    currency: str
    status: str
    reason: str | None
    created_at: dt.datetime


class Refunds(BaseModel):
    """All refunds of a payment, the newest first."""

    data: list[Refund]


class Events(BaseModel):
    """A page of events, each as it is posted to your endpoints."""

    data: list[dict[str, Any]]
    has_more: bool


class Problem(BaseModel):
    """What went wrong. `param` is the field that is wrong, `request_id` finds the request in our
    logs."""

    model_config = ConfigDict(extra="allow")

    message: str
    code: str
    param: str | None = None
    doc_url: str | None = None
    request_id: str | None = None


class Error(BaseModel):
    """The one envelope of everything that is not what was asked for."""

    success: Literal[False] = False
    error: Problem
