"""What a transaction can be: its phase, and the public state that follows from it."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """Where a transaction stands."""

    CREATED = "created"  # stored, with the message that will charge it
    PROCESSING = "processing"  # it may have been sent to Stripe
    REQUIRES_ACTION = "requires_action"  # the bank asks the buyer
    AWAITING_BANK = "awaiting_bank"  # the bank takes its time
    UNKNOWN = "unknown"  # sent, and the answer was lost: Stripe is asked
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELED = "canceled"


class State(StrEnum):
    """What the status resource says: the three states of a payment."""

    PENDING = "pending"
    COMPLETE = "complete"
    FAILED = "failed"


# The same as a condition of the database.
STATE_OF_PHASE = (
    "(state = 'pending' AND phase IN "
    "('created', 'processing', 'requires_action', 'awaiting_bank', 'unknown'))"
    " OR (state = 'complete' AND phase = 'complete')"
    " OR (state = 'failed' AND phase IN ('failed', 'canceled'))"
)
