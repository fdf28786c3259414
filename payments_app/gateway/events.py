"""Stripe's events: is one really Stripe's, what does it name, and which were never delivered.

Nothing is believed of an event but that something happened to the object it names: the object is
read again. Sources: https://docs.stripe.com/webhooks#verify-manually,
https://docs.stripe.com/api/v2/core/events/object
"""

from __future__ import annotations

import contextlib
import datetime as dt
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

SNAPSHOT, THIN = "event", "v2.core.event"
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
    where the object has no id, or one of the owner's own making (products, coupons). `object` is
    SNAPSHOT, THIN or a word that we do not know; only a snapshot has `content`."""

    id: str
    type: str
    created: int
    livemode: bool
    account: str | None
    object_id: str | None
    content: dict[str, Any]
    object: str = SNAPSHOT

    def names(self, field: str) -> str | None:
        """A Stripe id that the object holds in `field`, if it does: bare, or expanded."""
        return id_of(self.content.get(field))


def verify(payload: bytes, header: str, secrets: Sequence[str], now: float) -> str:
    """Check the Stripe-Signature header against each secret, in constant time; the one that fits.

    `now` in seconds since the epoch. Raises SignatureError; a time too far in the future is as
    wrong as one too far in the past.
    """
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    given = [value.strip().encode() for name, _, value in parts if name.strip() == "v1"]
    if len(times) != 1 or not _TIMESTAMP.fullmatch(times[0]) or not given:
        raise SignatureError("the Stripe-Signature header can't be read")
    signed = times[0].encode() + b"." + payload
    fitting = ""
    for secret in secrets:
        wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for signature in given:
            fitting = secret if hmac.compare_digest(wanted, signature) else fitting
    if not fitting:
        raise SignatureError("no signature fits")
    if abs(now - int(times[0])) > TOLERANCE_SECONDS:
        raise SignatureError("signed too far from now")
    return fitting


def parse(payload: bytes) -> Event:
    """Read a verified body. Raises MalformedEventError for whatever is not an event."""
    try:
        body = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"not JSON: {type(error).__name__}") from error
    return event_of(body)


def event_of(body: Any) -> Event:
    """The event in this JSON, of whatever kind Stripe makes. Raises MalformedEventError."""
    if not isinstance(body, dict):
        raise MalformedEventError("not an event")
    name = _matching(body, "object", _TYPE)
    kind = _matching(body, "type", _TYPE)
    if len(kind) > _MAX_TYPE:
        raise MalformedEventError("type is too long")
    if not isinstance(body.get("livemode"), bool):
        raise MalformedEventError("livemode is missing")
    is_snapshot = name == SNAPSHOT
    content = _content(body) if is_snapshot else {}
    related = id_of(body.get("related_object"))
    return Event(
        id=_matching(body, "id", _EVENT_ID),
        type=kind,
        created=_seconds(body.get("created")),
        livemode=body["livemode"],
        account=_account(body) if is_snapshot else _account_of_thin(body, related),
        object_id=clean_id(content.get("id")) if is_snapshot else related,
        content=content,
        object=name,
    )


def _content(body: dict[str, Any]) -> dict[str, Any]:
    data = body.get("data")
    content = data.get("object") if isinstance(data, dict) else None
    if not isinstance(content, dict):
        raise MalformedEventError("no object in its data")
    return content


def _seconds(created: Any) -> int:
    """Since the epoch. A snapshot tells them; any other event the time as ISO 8601."""
    if isinstance(created, str):
        with contextlib.suppress(ValueError):
            moment = dt.datetime.fromisoformat(created)
            created = int(moment.timestamp()) if moment.tzinfo else None
    if type(created) is not int or not 0 <= created < _LAST_SECOND:
        raise MalformedEventError("created is no time")
    return created


def _account(body: dict[str, Any]) -> str | None:
    return _matching(body, "account", _ACCOUNT_ID) if body.get("account") else None


def _account_of_thin(body: dict[str, Any], related: str | None) -> str | None:
    """The connected account that a thin event is of: its object, else the last part of its context
    (https://docs.stripe.com/context)."""
    context = body.get("context")
    last = context.rpartition("/")[2] if isinstance(context, str) else None
    return next((id_ for id_ in (related, last) if id_ and _ACCOUNT_ID.fullmatch(id_)), None)


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
