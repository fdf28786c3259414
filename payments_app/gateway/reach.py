"""reach: ask Stripe as cheaply as can be whether it is back, whatever the breaker says."""

from __future__ import annotations

from payments_app.core.extensions import db
from payments_app.gateway.client import looking_client
from payments_app.gateway.exchange import unguarded_call
from payments_app.gateway.results import Answer

_NOBODY = "pi_is_stripe_back"  # no object of Stripe's: 404 says that it answers us and our key


def look() -> Answer:
    """Read an intent that is not there. Moves and stores nothing, opens and closes no breaker, and
    gives up soon."""
    db.session.commit()  # no connection is held while Stripe is called
    intents = looking_client().v1.payment_intents
    return unguarded_call("look", "payment_intent", lambda: intents.retrieve(_NOBODY))
