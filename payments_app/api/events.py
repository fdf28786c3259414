"""Events: what was posted to the endpoints, to be read again after an outage of theirs."""

from __future__ import annotations

import json

from flask import Response, request
from sqlalchemy import select, tuple_

from payments_app.api import shapes
from payments_app.api.blueprint import answer, blueprint
from payments_app.api.document import described
from payments_app.core.extensions import db
from payments_app.core.web.access import application
from payments_app.core.web.http import ProblemError
from payments_app.merchants.find import default_merchant
from payments_app.notices.webhook_models import WebhookEvent


@blueprint.get("/api/v1/events")
@application("payments:read")
@described("Events", shapes.Events, query=shapes.EventsQuery)
def list_events() -> Response:
    """List events

    The oldest first: keep the id of the last one that you handled, and go on `after` it.
    """
    asked: shapes.EventsQuery = request.context.query  # type: ignore[attr-defined]
    session = db.session()
    ours = WebhookEvent.merchant_id == default_merchant(session).id
    events = select(WebhookEvent).where(ours, WebhookEvent.transaction_id.is_not(None))
    if asked.after is not None:
        place = session.scalar(select(WebhookEvent).where(ours, WebhookEvent.id == asked.after))
        if place is None:
            words = "This names no event."
            raise ProblemError(422, "invalid", f"after: {words}", {"after": words})
        here = tuple_(WebhookEvent.created_at, WebhookEvent.id)
        events = events.where(here > (place.created_at, place.id))
    if asked.since is not None:
        events = events.where(WebhookEvent.created_at >= asked.since)
    events = events.order_by(WebhookEvent.created_at, WebhookEvent.id).limit(asked.limit + 1)
    found = session.scalars(events).all()
    data = [json.loads(event.body) for event in found[: asked.limit]]
    return answer(shapes.Events(data=data, has_more=len(found) > asked.limit))
