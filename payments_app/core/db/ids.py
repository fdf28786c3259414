"""Ids shown outside: a prefix that names the kind, and 128 random bits."""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26  # 26 characters of 5 bits hold 128
ID = rf"[a-z]{{2,5}}_[{ALPHABET}]{{{_LENGTH}}}"  # what each looks like
_SHAPE = re.compile(ID)
# Of a card at Stripe, https://docs.stripe.com/api/payment_methods: not `pm_card_visa`, not
# `card_declined`, and no id of ours. Stripe repeats whatever was sent before one, in one word.
_PAYMENT_METHOD = re.compile(
    rf"(pm|src|\bcard(?!_[{ALPHABET}]{{{_LENGTH}}}\b))_[A-Za-z0-9]{{16,}}", re.ASCII
)


def new_id(prefix: str) -> str:
    """A new id such as `txn_5v3k...`: nobody can guess it, and logs tell what it names."""
    number = secrets.randbits(128)
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        digits.append(ALPHABET[digit])
    return f"{prefix}_{''.join(digits)}"


def looks_like_id(text: str, prefix: str) -> bool:
    """Whether `text` has the shape of an id of this kind (it may still name nothing)."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None


def begins_as_id(text: str) -> bool:
    """Whether `text` is an id of any kind, or one with its signature behind it."""
    return _SHAPE.match(text) is not None


def without_payment_methods(text: str) -> str:
    """The text without Stripe's ids of cards: who looks at a payment needs brand and last four
    digits, and an id is good for nothing but to name the card."""
    return _PAYMENT_METHOD.sub(r"\1_[cut]", text)


def reference(public_id: str) -> str:
    """What a person reads out on the phone: the last eight characters, in two groups."""
    tail = public_id[-8:].upper()
    return f"{tail[:4]}-{tail[4:]}"
