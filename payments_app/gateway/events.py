"""Stripe's events: is one really Stripe's, what does it name, and which were never delivered.

Nothing is believed of an event but that something happened to the object it names: the object is
read again. Source: https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from payments_app.gateway.client import client
from payments_app.gateway.ids import MAX_ID, clean_id, id_of
from payments_app.gateway.pages import objects

log = logging.getLogger(__name__)

TOLERANCE_SECONDS = 300
MAX_TYPES = 20  # that Stripe lists at once
MISSED_SECONDS = 30 * 86_400  # Stripe lists the events of the last 30 days
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_EVENT_ID = re.compile(rf"evt_[A-Za-z0-9_]{{1,{MAX_ID - 4}}}")
_ACCOUNT_ID = re.compile(rf"acct_[A-Za-z0-9_]{{1,{MAX_ID - 5}}}")
_TYPE = re.compile(r"[!-~]+")  # whatever Stripe calls it tomorrow
_MAX_TYPE = 100
_LAST_SECOND = 253_402_300_800  # of the year 9999


class SignatureError(ValueError):
    """The body was not signed by Stripe, or not now."""


class MalformedEventError(ValueError):
    """The body is no event as Stripe writes them."""


@dataclass(frozen=True)
class Event:
    """What an event says of itself. `created` in seconds since the epoch; `object_id` is None
    where the object has no id, or one of the owner's own making (products, coupons)."""

    id: str
    type: str
    created: int
    livemode: bool
    account: str | None
    object_id: str | None
    content: dict[str, Any]

    def names(self, field: str) -> str | None:
        """A Stripe id that the object holds in `field`, if it does: bare, or expanded."""
        return id_of(self.content.get(field))


def verify(payload: bytes, header: str, secrets: Sequence[str], now: float) -> None:
    """Check the Stripe-Signature header against each secret, in constant time.

    `now` in seconds since the epoch. Raises SignatureError; a time too far in the future is as
    wrong as one too far in the past.
    """
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    given = [value.strip().encode() for name, _, value in parts if name.strip() == "v1"]
    if len(times) != 1 or not _TIMESTAMP.fullmatch(times[0]) or not given:
        raise SignatureError("the Stripe-Signature header can't be read")
    signed = times[0].encode() + b"." + payload
    valid = False
    for secret in secrets:
        wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for signature in given:
            valid |= hmac.compare_digest(wanted, signature)
    if not valid:
        raise SignatureError("no signature fits")
    if abs(now - int(times[0])) > TOLERANCE_SECONDS:
        raise SignatureError("signed too far from now")


def parse(payload: bytes) -> Event:
    """Read a verified body. Raises MalformedEventError for whatever is not an event."""
    try:
        body = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"not JSON: {type(error).__name__}") from error
    return event_of(body)


def event_of(body: Any) -> Event:
    """The event in this JSON. Raises MalformedEventError."""
    if not isinstance(body, dict) or body.get("object") != "event":
        raise MalformedEventError("not an event")
    data = body.get("data")
    content = data.get("object") if isinstance(data, dict) else None
    if not isinstance(content, dict):
        raise MalformedEventError("no object in its data")
    kind = _matching(body, "type", _TYPE)
    if len(kind) > _MAX_TYPE:
        raise MalformedEventError("type is too long")
    created, livemode = body.get("created"), body.get("livemode")
    if type(created) is not int or not 0 <= created < _LAST_SECOND:
        raise MalformedEventError("created is no time")
    if not isinstance(livemode, bool):
        raise MalformedEventError("livemode is missing")
    return Event(
        id=_matching(body, "id", _EVENT_ID),
        type=kind,
        created=created,
        livemode=livemode,
        account=_matching(body, "account", _ACCOUNT_ID) if body.get("account") else None,
        object_id=clean_id(content.get("id")),
        content=content,
    )


def undelivered(types: Sequence[str], now: float, account: str | None = None) -> Iterator[Event]:
    """Events of these types that Stripe could not deliver, newest first of each MAX_TYPES of
    them; of a connected `account`, or of ours.

    `now` in seconds since the epoch. Raises UnreadableError.
    """
    for start in range(0, len(types), MAX_TYPES):
        found = objects(
            client().v1.events.list,
            account,
            delivery_success=False,
            types=list(types[start : start + MAX_TYPES]),
            created={"gte": int(now) - MISSED_SECONDS},
        )
        for body in found:
            try:
                event = event_of(body)
            except MalformedEventError as error:
                # Reconciliation finds what it tells of; the others are not to wait for it.
                log.warning("Stripe lists an event that can't be read: %s", error)
                continue
            yield replace(event, account=account) if account else event


def _matching(body: dict[str, Any], field: str, shape: re.Pattern[str]) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise MalformedEventError(f"{field} is missing or malformed")
    return value
