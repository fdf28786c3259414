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
    """`about` is PAYMENT or one of PAGES. `closes` says when it closes by itself; where it does
    not, `stays` says why a person has to acknowledge it."""

    meaning: str
    next_step: str
    about: str
    closes: str = ""
    stays: str = ""

    def row(self, name: str) -> str:
        """Of the runbook."""
        closes = self.closes or f"when acknowledged: {self.stays}"
        return f"| `{name}` | {self.meaning} | {self.next_step} | {closes} |"

    @property
    def end(self) -> str:
        """When it closes, in a sentence."""
        if self.closes:
            return f"It closes {self.closes}."
        return f"It stays until somebody acknowledges it: {self.stays}."

    @property
    def plain_step(self) -> str:
        """What to do, for those who read it without the runbook's marks and links."""
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r'the page "\1" of the docs', self.next_step)
        return as_typed_here(words.replace("`", ""))
