"""What the code says of a kind of alert."""

from __future__ import annotations

import re
from dataclasses import dataclass

from payments_app.core.own_commands import as_typed_here

PAYMENT = "payment"  # of `transaction_id` in its data
PAGES = {  # words and endpoint
    "alerts": ("Alerts", "ops.alerts"),
    "api keys": ("API keys", "staff.api_key_list"),
    "disputes": ("Disputes", "staff.disputes"),
    "merchants": ("Merchants", "staff.merchant_list"),
    "queues": ("Queues", "ops.queues"),
    "reconciliation": ("Reconciliation", "staff.findings"),
    "stripe": ("Stripe", "ops.stripe"),
    "payments": ("Payments", "staff.payment_list"),
    "dead letter": ("Dead letter", "ops.dead_letter"),
}


@dataclass(frozen=True)
class Kind:
    """`about` is PAYMENT or one of PAGES; `closes` is empty where a person acknowledges it."""

    meaning: str
    next_step: str
    about: str
    closes: str = ""

    def row(self, name: str) -> str:
        """Of the runbook."""
        closes = self.closes or "when acknowledged"
        return f"| `{name}` | {self.meaning} | {self.next_step} | {closes} |"

    @property
    def plain_step(self) -> str:
        """What to do, for those who read it without the runbook's marks and links."""
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r'the page "\1" of the docs', self.next_step)
        return as_typed_here(words.replace("`", ""))
