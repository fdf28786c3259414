"""fetch_missed: take in what Stripe could not deliver, as if it had come by itself."""

from __future__ import annotations

import time
from collections import Counter

from payments_app.gateway import events
from payments_app.inbound.kinds import HANDLINGS
from payments_app.inbound.receive import receive


def fetch_missed() -> Counter[str]:
    """Receive every undelivered event of the last 30 days, oldest first; count new, late and
    duplicate ones. Safe to run at any time: each event is stored once.

    Raises stripe.StripeError while Stripe does not answer. What was answered and lost all the
    same is found by reconciliation, not here.
    """
    missed = list(events.undelivered(list(HANDLINGS), time.time()))
    return Counter(receive(event) for event in reversed(missed))
