"""POST /webhooks/stripe."""

from __future__ import annotations

import logging
import time

from flask import Blueprint, Response, current_app, jsonify, request

from payments_app.core.extensions import csrf
from payments_app.core.web.access import public
from payments_app.core.web.counters import count
from payments_app.core.web.http import ProblemError
from payments_app.core.web.incoming import any_host
from payments_app.gateway import events
from payments_app.inbound.destinations import PATH, note_verified
from payments_app.inbound.receive import receive

log = logging.getLogger(__name__)

REFUSED = "webhooks_refused"  # by reason
MAX_BODY_BYTES = 256 * 1024
blueprint = Blueprint("inbound", __name__)


@blueprint.post(PATH)
@public
@any_host
@csrf.exempt  # type: ignore[untyped-decorator]
def stripe_webhook() -> Response:
    """Take an event of any destination: the signature on the raw body first, then stored, then
    200, also for what we do not know: Stripe switches off an endpoint that refuses its events.

    400 for what Stripe did not sign or would not say, 413 over MAX_BODY_BYTES; while the database
    is away 503, so that Stripe sends it again. No rate limit: refusing Stripe loses payments.
    """
    request.max_content_length = MAX_BODY_BYTES
    payload = request.get_data(cache=False)
    secrets = current_app.config["CONFIG"].webhook_secrets
    try:
        header = request.headers.get("Stripe-Signature", "")
        note_verified(events.verify(payload, header, secrets, time.time()))
        event = events.parse(payload)
    except events.SignatureError as error:
        log.warning("webhook refused: %s", error)
        count(REFUSED, "invalid_signature")
        raise ProblemError(400, "invalid_signature", "The signature doesn't match.") from None
    except events.MalformedEventError as error:
        log.warning("webhook refused: %s", error)
        count(REFUSED, "invalid_event")
        raise ProblemError(400, "invalid_event", "This isn't a Stripe event.") from None
    return jsonify({"received": receive(event)})
