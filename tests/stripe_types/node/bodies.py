"""What the stand-in answers, as TypeScript: each body a constant of the type that Stripe says."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

IMPORT = 'import type Stripe from "stripe";\n'
_EMPTY = {"object": "list", "data": [], "has_more": False, "url": ""}
# Fields of v2 that are optional in the types. The reference says nullable, and that what a request
# did not include is null: https://docs.stripe.com/api/include_dependent_response_values
_NULLABLE = (
    "v2.core.account.configuration",
    "v2.core.account.contact_email",
    "v2.core.account.dashboard",
    "v2.core.account.defaults",
    "v2.core.account.display_name",
    "v2.core.account.future_requirements",
    "v2.core.account.identity",
    "v2.core.account.requirements",
    "v2.core.account.requirements.entries.reference",
    "v2.core.account.requirements.summary",
    "v2.core.event.context",
    "v2.core.event.reason",
    "v2.core.event_destination.snapshot_api_version",
    "v2.core.event_destination.status_details",
    "v2.core.event_destination.webhook_endpoint.signing_secret",
    "v2.core.event_destination.webhook_endpoint.url",
)
# Of Stripe, but not in its types: what a field holds, and why it may.
LEFT_OUT = {
    **{f"{field}=null": "the reference says nullable" for field in _NULLABLE},
    'error.code="insufficient_capabilities_for_transfer"': "people report it; not among the words",
    'error.code="payment_intent_confirmation_token_invalid"': "belief 2 of docs/stripe-beliefs.md",
    'error.code="payment_method_types_no_longer_supported"': "the changelog of 2026-09-30 names it",
}
# A refusal that is v2's alone has no type. Its words are those of the reference, since the types
# take any: https://docs.stripe.com/api/v2/core/accounts
_V2_CODES = (
    "accounts_v2_access_blocked",
    "identity_country_required",
    "not_found",
    "v1_account_instead_of_v2_account",
)
_V2_ERROR = (
    '{ error: Pick<Stripe.errors.StripeError, "message" | "doc_url" | "request_log_url"> & '
    f"{{ code: {' | '.join(map(json.dumps, _V2_CODES))} }} }}"
)


def type_of(body: Mapping[str, Any]) -> str:
    """Its type in Stripe's Node library."""
    if "error" in body:
        typed = "{ error: Stripe.PaymentIntent.LastPaymentError }"
        return typed if "type" in body["error"] else _V2_ERROR
    kind = body.get("object", "v2.list")
    name = _name(kind)
    if kind in ("list", "v2.list"):
        items = sorted({_name(item["object"]) for item in body["data"]})
        listed = "ApiList" if kind == "list" else "V2List"
        return f"Stripe.{listed}<{' | '.join(f'Stripe.{item}' for item in items) or 'never'}>"
    if kind == "event":
        return f"Extract<Stripe.Event, {{ type: {json.dumps(body['type'])} }}>"
    if kind == "v2.core.event":
        thin = f"Extract<Stripe.V2.Core.Event, {{ type: {json.dumps(body['type'])} }}>"
        # What is posted has neither data nor the library's own functions.
        return f'Omit<{thin}, "data" | "fetchRelatedObject">'
    if kind.startswith("v2.") and body.keys() == {"id", "object"}:
        return "Stripe.V2.DeletedObject"
    return f"Stripe.Deleted{name}" if body.get("deleted") else f"Stripe.{name}"


def _name(kind: str) -> str:
    """`radar.early_fraud_warning` is Radar.EarlyFraudWarning."""
    parts = kind.split(".")
    return ".".join("".join(word.capitalize() for word in part.split("_")) for part in parts)


def distinct(bodies: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One of each shape: ids, texts and numbers aside, words are looked at."""
    found = {f"{type_of(body)} {json.dumps(_shape(body), sort_keys=True)}": body for body in bodies}
    return list(found.values())


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(_shape(item), sort_keys=True) for item in value})
    if isinstance(value, bool) or value is None:
        return value
    is_word = isinstance(value, str) and re.fullmatch(r"[a-z_.]+", value)
    return value if is_word else type(value).__name__


def source(bodies: Iterable[Mapping[str, Any]]) -> str:
    """A module of one body a line, from the second line on."""
    return _module((body, LEFT_OUT) for body in bodies)


def source_of_left_out(bodies: Iterable[Mapping[str, Any]]) -> str:
    """Likewise, for each line of LEFT_OUT a body that needs it, written without it."""
    found = []
    for place in LEFT_OUT:
        others = LEFT_OUT.keys() - {place}
        needing = (body for body in bodies if written(body, others) != written(body, LEFT_OUT))
        found.append((next(needing, _EMPTY), others))
    return _module(found)


def _module(bodies: Iterable[tuple[Mapping[str, Any], Collection[str]]]) -> str:
    lines = [
        f"export const body{number}: {type_of(body)} = {written(body, left_out)};\n"
        for number, (body, left_out) in enumerate(bodies)
    ]
    return IMPORT + "".join(lines)


def written(value: Any, left_out: Collection[str], place: str = "") -> str:
    """A value. One that is left out of Stripe's types is made to fit them."""
    if isinstance(value, list):
        return f"[{', '.join(written(item, left_out, place) for item in value)}]"
    if isinstance(value, dict):
        kind = value.get("object", place)
        fields = [
            f"{json.dumps(name)}: {written(item, left_out, f'{kind}.{name}'.lstrip('.'))}"
            for name, item in value.items()
        ]
        return f"{{ {', '.join(fields)} }}"
    text = json.dumps(value)
    return f"{text} as never" if f"{place}={text}" in left_out else text
