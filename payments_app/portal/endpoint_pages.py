"""A merchant's webhook endpoints: add, switch off and on, a new secret, a test, the log."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from flask import Response, current_app, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.extensions import db
from payments_app.core.web import exports, held_threads
from payments_app.core.web.access import merchant
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.part import Part
from payments_app.core.web.query import takes
from payments_app.merchants import endpoints
from payments_app.merchants.address import AddressRefusedError, Guard, UnknownHostError
from payments_app.merchants.models import URL_LENGTH
from payments_app.merchants.topics import TOPICS, UnknownTopicError
from payments_app.notices.resend import EndpointOffError, resend
from payments_app.notices.try_endpoint import TooManyTestsError, try_endpoint
from payments_app.portal.blueprint import blueprint, page
from payments_app.portal.deliveries import deliveries_of, endpoints_of, is_sent_to, own_endpoint
from payments_app.portal.gate import actor, asking

MOST = 10
# Of one merchant: a name of theirs is looked up while the page waits, and a resend may end in an
# alert.
ASKED = Rate(30, 3600)
_BUSY = "others are being looked up just now; try again in a moment"
# Look-ups of this process at once: name servers that hang may not hold all threads of the web.
_turns = threading.BoundedSemaphore(2)
OFF_REASON = "switched off by the merchant"
OFF = "This endpoint is turned off. Turn it on to send events."


@blueprint.get("/webhooks")
@merchant
def webhooks() -> Response:
    """The merchant's endpoints, and the form for one more."""
    return _list()


@blueprint.post("/webhooks")
@merchant
def add_webhook() -> Response:
    """Add an endpoint; its secret is shown this once."""
    url, own = request.form.get("url", "")[: URL_LENGTH + 1].strip(), asking().id
    topics = request.form.getlist("topic")
    limiter().check("webhook_address", ASKED, own)
    problem = None
    if len(endpoints_of(db.session(), own)) >= MOST:
        problem = f"You can have at most {MOST} endpoints."
    else:
        try:
            endpoint_id = _add(own, url, topics)
        except UnknownTopicError as error:
            problem = f"{error}."
        except (AddressRefusedError, UnknownHostError) as error:
            problem = f"We can't send webhooks to this address: {error}."
    if problem:
        return _list(422, url=url, chosen=topics, problem=problem)
    added = own_endpoint(db.session(), own, endpoint_id)
    nothing = deliveries_of(db.session(), endpoint_id)
    return log_page(endpoint_id, sent=nothing, secret=added.secret if added else None)


def _add(merchant_id: str, url: str, topics: list[str]) -> str:
    db.session.rollback()  # no connection is held while the name is resolved
    guard = Guard(allow_loopback=current_app.config["CONFIG"].sandboxed)
    if not _turns.acquire(blocking=False):
        raise UnknownHostError(_BUSY)
    try:
        with held_threads.one(held_threads.FOR_ALL):
            return endpoints.add_endpoint(
                merchant_id, url, guard=guard, actor=merchant_id, topics=topics
            )
    except held_threads.NoneLeftError as error:
        raise UnknownHostError(_BUSY) from error
    finally:
        _turns.release()


@blueprint.get("/webhooks/<endpoint_id>")
@merchant
@takes("deliveries")
def webhook(endpoint_id: str) -> Response:
    """One endpoint with its delivery log."""
    return log_page(endpoint_id)


@blueprint.post("/webhooks/<endpoint_id>/off")
@merchant
def switch_webhook_off(endpoint_id: str) -> BaseResponse:
    """Send nothing to it any more."""
    endpoints.disable(own_id(endpoint_id), actor(), OFF_REASON)
    return back_to(endpoint_id)


@blueprint.post("/webhooks/<endpoint_id>/on")
@merchant
def switch_webhook_on(endpoint_id: str) -> BaseResponse:
    """Send to it again, with a clean slate."""
    endpoints.enable(own_id(endpoint_id), actor())
    return back_to(endpoint_id)


@blueprint.post("/webhooks/<endpoint_id>/secrets")
@merchant
def roll_webhook_secret(endpoint_id: str) -> Response:
    """Roll secret and show it this once; the old one signs beside it for a day."""
    sent = _sent_to(own_id(endpoint_id))  # first: it may be refused, and the secret were lost
    secret = endpoints.rotate_secret(endpoint_id, actor())
    return log_page(endpoint_id, sent=sent, secret=secret)


@blueprint.post("/webhooks/<endpoint_id>/tests")
@merchant
def test_webhook(endpoint_id: str) -> Response | BaseResponse:
    """Send a test event."""
    try:
        try_endpoint(own_id(endpoint_id), actor())
    except EndpointOffError:
        return log_page(endpoint_id, 409, problem=OFF)
    except TooManyTestsError as error:
        return log_page(endpoint_id, 429, problem=str(error))
    return back_to(endpoint_id)


@blueprint.post("/webhooks/<endpoint_id>/deliveries/<delivery_id>/resends")
@merchant
def resend_webhook(endpoint_id: str, delivery_id: str) -> Response | BaseResponse:
    """Send a delivery once more."""
    if not is_sent_to(db.session(), delivery_id, own_id(endpoint_id)):
        raise NotFound
    limiter().check("webhook_resend", ASKED, asking().id)
    try:
        resend(delivery_id, actor())
    except EndpointOffError:
        return log_page(endpoint_id, 409, problem=OFF)
    return back_to(endpoint_id)


def own_id(endpoint_id: str) -> str:
    """The id, where it is the merchant's own. Raises NotFound for another's as for none."""
    if own_endpoint(db.session(), asking().id, endpoint_id) is None:
        raise NotFound
    return endpoint_id


def _list(
    status: int = 200,
    *,
    url: str = "",
    chosen: Sequence[str] = TOPICS,
    problem: str | None = None,
) -> Response:
    found = endpoints_of(db.session(), asking().id)
    return page(
        "webhooks.html",
        status,
        endpoints=found,
        url=url,
        topics=TOPICS,
        chosen=chosen,
        problem=problem,
    )


def _sent_to(endpoint_id: str) -> Part:
    """What was sent to an endpoint of the merchant's: of much that is long to count and to sort."""
    with exports.long_page(exports.MERCHANT, asking().id):
        return deliveries_of(db.session(), endpoint_id)


def log_page(
    endpoint_id: str,
    status: int = 200,
    *,
    sent: Part | None = None,
    secret: str | None = None,
    problem: str | None = None,
) -> Response:
    """One endpoint with what was `sent` to it. Raises NotFound for another's, ProblemError 429."""
    endpoint = own_endpoint(db.session(), asking().id, endpoint_id)
    if endpoint is None:
        raise NotFound
    return page(
        "webhook.html",
        status,
        endpoint=endpoint,
        sent=sent or _sent_to(endpoint_id),
        topics=TOPICS,
        chosen=endpoint.topics or TOPICS,
        zone=asking().timezone,
        secret=secret,
        problem=problem,
    )


def back_to(endpoint_id: str) -> BaseResponse:
    """To its page."""
    return redirect(url_for("portal.webhook", endpoint_id=endpoint_id), 303)
