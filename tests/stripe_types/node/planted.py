"""Mistakes that must be noticed each time: a judge that cannot fail is worth nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_INTENT, _ACCOUNT = "payment_intent", "v2.core.account"
# A kind, what of it is changed (None takes it away), and what must be said of it.
_BODIES: tuple[tuple[str, str, Any, str], ...] = (
    (_INTENT, "amount", "1099", "\"amount\": Type 'string' is not assignable to type 'number'"),
    (_INTENT, "status", "paid", "'\"paid\"' is not assignable to type 'Status'"),
    (_INTENT, "colour", "red", "\"colour\"' does not exist in type 'PaymentIntent'"),
    (_INTENT, "currency", None, "'currency' is missing"),
    (_ACCOUNT, "dashboard", "paper", "'\"paper\"' is not assignable to type 'Dashboard"),
    (_ACCOUNT, "created", None, "'created' is missing"),
)
# A script, what is replaced in it, by what, and what must be said of it.
_SCRIPTS = (
    ("checkout.js", "allowedPaymentMethodTypes", "paymentMethodTypes", "paymentMethodTypes"),
    ("checkout.js", "params: { payment_method_data", "params: { card_data", "card_data"),
    ("checkout.js", '"night" : "stripe"', '"night" : "stripes"', "stripes"),
    ("status.js", "handleNextAction", "handleNextStep", "handleNextStep"),
)


def bodies(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    changed = []
    for kind, name, value, _ in _BODIES:
        body = next(each for each in found if each.get("object") == kind)
        others = {k: v for k, v in body.items() if k != name}
        changed.append(others if value is None else {**others, name: value})
    return changed


def scripts(ours: Mapping[str, str]) -> dict[str, str]:
    return {
        f"planted{number}.js": ours[name].replace(old, new)
        for number, (name, old, new, _) in enumerate(_SCRIPTS)
    }


def unnoticed(said: Mapping[str, Sequence[tuple[int, str]]]) -> list[str]:
    """Planted mistakes that were not named. A body stands on a line, from the second on."""
    named = dict(said["planted.ts"])
    missed = [
        f"not noticed: {name} of a {kind} is {value!r}"
        for line, (kind, name, value, words) in enumerate(_BODIES, 2)
        if words not in named.get(line, "")
    ]
    return missed + [
        f"not noticed: {new} in {name}"
        for number, (name, _, new, words) in enumerate(_SCRIPTS)
        if not any(words in each for _, each in said[f"planted{number}.js"])
    ]
