"""kind: what is said of a kind of difference, and in which words."""

from __future__ import annotations

from dataclasses import dataclass

ADMIN = "An administrator compares the payment with Stripe's dashboard."
DEVELOPERS = (
    "The developers: a row was changed past the application. Books are corrected by another "
    "posting, never by hand."
)
STRIPE = "An administrator asks Stripe's support, with the ids below."
AT_STRIPE_AND_HERE = ("at_stripe", "here")
PAST = "A row was changed past the application: by hand, or by a restored backup."
LOST = "A job was lost, or died."
NO_EVENT = "Stripe's event did not arrive, or was not worked on."


@dataclass(frozen=True)
class Kind:
    """What a difference is called in words, how bad it is, what causes it as far as is known, and
    what mends it safely, or else who does. `sides` are the names of the two values that differ,
    among a finding's details."""

    words: str
    severity: str
    cause: str
    fix: str | None = None
    who: str | None = None
    inside: bool = False
    sides: tuple[str, str] = AT_STRIPE_AND_HERE
