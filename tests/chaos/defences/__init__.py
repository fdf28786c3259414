"""The defences: each with how to take it away from outside, and a play that notices."""

from __future__ import annotations

from tests.chaos.defences import charging, checkout, queues, refunds, webhooks
from tests.chaos.defences.defence import Defence

DEFENCES: tuple[Defence, ...] = (
    *charging.DEFENCES,
    *queues.DEFENCES,
    *checkout.DEFENCES,
    *webhooks.DEFENCES,
    *refunds.DEFENCES,
)
