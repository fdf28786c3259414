"""Which events an endpoint is sent, and sending again all since a time."""

from __future__ import annotations

import datetime as dt

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.web.access import merchant
from payments_app.core.web.limits import limiter
from payments_app.merchants import endpoints
from payments_app.merchants.topics import UnknownTopicError
from payments_app.merchants.zones import zone_named
from payments_app.notices.replay import StillOnTheirWayError, TooManyEventsError, replay
from payments_app.notices.resend import EndpointOffError
from payments_app.portal.blueprint import blueprint
from payments_app.portal.endpoint_pages import ASKED, OFF, back_to, log_page, own_id
from payments_app.portal.gate import actor, asking

YEARS = range(2000, 9000)  # in every zone a moment of the calendar
_NO_TIME = "Enter the date and the time from which to send, such as 2026-11-26 14:00."


@blueprint.post("/webhooks/<endpoint_id>/topics")
@merchant
def choose_webhook_topics(endpoint_id: str) -> Response | BaseResponse:
    """Send it these events alone from now on."""
    try:
        endpoints.choose_topics(own_id(endpoint_id), request.form.getlist("topic"), actor())
    except UnknownTopicError as error:
        return log_page(endpoint_id, 422, problem=f"{error}.")
    return back_to(endpoint_id)


@blueprint.post("/webhooks/<endpoint_id>/replays")
@merchant
def replay_webhook(endpoint_id: str) -> Response | BaseResponse:
    """Send all that happened since a time once more."""
    own_id(endpoint_id)
    since = _moment(request.form.get("since", ""))
    if since is None:
        return log_page(endpoint_id, 422, problem=_NO_TIME)
    limiter().check("webhook_resend", ASKED, asking().id)
    try:
        replay(endpoint_id, since, actor())
    except EndpointOffError:
        return log_page(endpoint_id, 409, problem=OFF)
    except (TooManyEventsError, StillOnTheirWayError) as error:
        return log_page(endpoint_id, 422, problem=str(error))
    return back_to(endpoint_id)


def _moment(typed: str) -> dt.datetime | None:
    """As the merchant's clocks show it; None of anything else."""
    try:
        moment = dt.datetime.fromisoformat(typed.strip()[:30])
    except ValueError:
        return None
    if moment.tzinfo is not None or moment.year not in YEARS:
        return None
    return moment.replace(tzinfo=zone_named(asking().timezone)).astimezone(dt.UTC)
