"""The queues: each has a process of its own, which works on so many messages at once."""

from __future__ import annotations

# The most important first.
QUEUE_THREADS = {
    "charges": 10,  # CHARGE_CONCURRENCY
    "payment_critical": 10,
    "payment_standard": 5,
    "default": 5,
    "mailers": 3,
    "webhooks": 20,  # merchants' endpoints: whatever they do, they hold these threads alone
    "reports": 1,
}

# Nobody waits for these: on a busy machine they leave the processor to the others.
BACKGROUND_QUEUES = frozenset({"default", "mailers", "reports"})
