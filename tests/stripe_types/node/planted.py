"""Mistakes that must be noticed each time: a judge that cannot fail is worth nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# What of a PaymentIntent is changed (None takes it away), and what must be said of it.
_INTENTS: tuple[tuple[str, Any, str], ...] = (
    ("amount", "1099", "\"amount\": Type 'string' is not assignable to type 'number'"),
    ("status", "paid", "'\"paid\"' is not assignable to type 'Status'"),
    ("colour", "red", "\"colour\"' does not exist in type 'PaymentIntent'"),
    ("currency", None, "'currency' is missing"),
)
# A script, what is replaced in it, by what, and what must be said of it.
_SCRIPTS = (
    ("checkout.js", "allowedPaymentMethodTypes", "paymentMethodTypes", "paymentMethodTypes"),
    ("checkout.js", "params: { payment_method_data", "params: { card_data", "card_data"),
    ("checkout.js", 'theme: "stripe"', 'theme: "stripes"', "stripes"),
    ("status.js", "handleNextAction", "handleNextStep", "handleNextStep"),
)


def bodies(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    intent = next(body for body in found if body.get("object") == "payment_intent")
    changed = [{**intent, name: value} for name, value, _ in _INTENTS]
    return [{k: v for k, v in each.items() if k != "currency" or v} for each in changed]


def scripts(ours: Mapping[str, str]) -> dict[str, str]:
    return {
        f"planted{number}.js": ours[name].replace(old, new)
        for number, (name, old, new, _) in enumerate(_SCRIPTS)
    }


def unnoticed(said: Mapping[str, Sequence[tuple[int, str]]]) -> list[str]:
    """Planted mistakes that were not named. A body stands on a line, from the second on."""
    named = dict(said["planted.ts"])
    missed = [
        f"not noticed: {name} of a PaymentIntent is {value!r}"
        for line, (name, value, words) in enumerate(_INTENTS, 2)
        if words not in named.get(line, "")
    ]
    return missed + [
        f"not noticed: {new} in {name}"
        for number, (name, _, new, words) in enumerate(_SCRIPTS)
        if not any(words in each for _, each in said[f"planted{number}.js"])
    ]
