"""What Stripe says that a connected account may do, read from either API's object of it.

Sources: https://docs.stripe.com/api/accounts/object, https://docs.stripe.com/api/capabilities/object,
https://docs.stripe.com/api/v2/core/accounts/object
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.words import known

V2_ACCOUNT = "v2.core.account"
NOT_REQUESTED = "unrequested"
_CAPABILITY = frozenset({"active", "inactive", "pending", NOT_REQUESTED, "disabled"})
_CAPABILITY_V2 = frozenset(
    {"active", "pending", "rejected", "restricted", "unsupported", NOT_REQUESTED}
)
_ASKED = ("currently_due", "past_due", "pending_verification", "disabled_reason")


@dataclass(frozen=True)
class AccountState:
    """What an account may do. None: Stripe gave a status that we do not know (it is in `unknown`),
    and nothing is decided. `requirements` is what Stripe asks for, by the names of v1's lists."""

    details_submitted: bool
    charges_enabled: bool | None
    transfers_enabled: bool | None
    payouts_enabled: bool | None
    requirements: dict[str, Any]
    closed: bool = False
    unknown: tuple[Any, ...] = ()


def is_of_v2(body: Mapping[str, Any] | None) -> bool:
    """Whether this is API v2's object of an account."""
    return body is not None and body.get("object") == V2_ACCOUNT


def account_state(body: Mapping[str, Any]) -> AccountState:
    """What an account may do, by the object that Stripe told of it."""
    return _of_v2(body) if is_of_v2(body) else _of_v1(body)


def _of_v1(body: Mapping[str, Any]) -> AccountState:
    status = as_object(body.get("capabilities")).get("transfers", NOT_REQUESTED)
    asked = as_object(body.get("requirements"))
    transfers = _is_active(status, _CAPABILITY)
    return AccountState(
        details_submitted=bool(body.get("details_submitted")),
        charges_enabled=bool(body.get("charges_enabled")),
        transfers_enabled=transfers,
        payouts_enabled=bool(body.get("payouts_enabled")),
        requirements={name: asked[name] for name in _ASKED if asked.get(name)},
        unknown=(status,) if transfers is None else (),
    )


def _of_v2(body: Mapping[str, Any]) -> AccountState:
    """A merchant is paid directly by its card payments, a recipient by transfers; either may have
    payouts. Without configurations (they were not included) nothing is decided."""
    told = body.get("configuration")
    parts = as_object(told)
    statuses = {
        "charges": _status(parts, "merchant", "card_payments"),
        "transfers": _status(parts, "recipient", "stripe_balance", "stripe_transfers"),
        "payouts": _status(parts, "merchant", "stripe_balance", "payouts"),
    }
    if statuses["payouts"] == NOT_REQUESTED:
        statuses["payouts"] = _status(parts, "recipient", "stripe_balance", "payouts")
    may = {
        name: _is_active(status, _CAPABILITY_V2) if isinstance(told, dict) else None
        for name, status in statuses.items()
    }
    entries = _entries(body)
    return AccountState(
        details_submitted=not any(_is_of_onboarding(entry) for entry in entries),
        charges_enabled=may["charges"],
        transfers_enabled=may["transfers"],
        payouts_enabled=may["payouts"],
        requirements=_lists(entries),
        closed=body.get("closed") is True,
        unknown=tuple(statuses[name] for name, decided in may.items() if decided is None),
    )


def _is_active(status: Any, words: frozenset[str]) -> bool | None:
    return status == "active" if known(status, words) else None


def _status(parts: dict[str, Any], configuration: str, *path: str) -> Any:
    """Of a capability of v2; a missing step means that it was not requested."""
    place = as_object(as_object(parts.get(configuration)).get("capabilities"))
    for step in path:
        if place.get(step) is None:
            return NOT_REQUESTED
        place = as_object(place[step])
    return place.get("status")


def _entries(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = as_object(body.get("requirements")).get("entries")
    return [as_object(entry) for entry in found] if isinstance(found, list) else []


def _due(entry: dict[str, Any]) -> Any:
    return as_object(entry.get("minimum_deadline")).get("status")


def _is_of_onboarding(entry: dict[str, Any]) -> bool:
    """Whether the merchant must give this now because it is new: v2 has no `details_submitted`."""
    reasons = entry.get("requested_reasons")
    return (
        entry.get("awaiting_action_from") == "user"
        and _due(entry) in ("currently_due", "past_due")
        and isinstance(reasons, list)
        and any(as_object(reason).get("code") == "routine_onboarding" for reason in reasons)
    )


def _lists(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The entries by the names of v1's lists; what is only due some day is left out."""
    lists: dict[str, Any] = {}
    for entry in entries:
        ours = entry.get("awaiting_action_from") == "user"
        name = _due(entry) if ours else "pending_verification"
        if name in _ASKED and isinstance(entry.get("description"), str):
            lists.setdefault(name, []).append(entry["description"])
    return lists
