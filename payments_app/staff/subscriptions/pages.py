"""A subscription's page, and what staff may do with one: pause it, resume it, end it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.query import takes
from payments_app.customers.models import Customer
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.subscriptions.queries import bills, ending_of, history_of, row_of
from payments_app.staff.zones import reader_zone
from payments_app.subscriptions import change, preview
from payments_app.subscriptions.effect_words import Line
from payments_app.subscriptions.effects import seal_of
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.preview import ChangeRefusedError


@dataclass(frozen=True)
class Change:
    """What can be done: the button, what it means, what it comes to (`read`), the function, given
    the seal of the lines that were read, and where it makes sense."""

    button: str
    meaning: str
    read: Callable[[Session, Subscription, dt.datetime], list[Line]]
    function: Callable[[str, dt.datetime, str, str | None], None]
    states: tuple[str, ...]


def _cancel(subscription_id: str, now: dt.datetime, actor: str, seal: str | None) -> None:
    change.cancel(subscription_id, now, at_once=False, actor=actor, seal=seal)


def _end(subscription_id: str, now: dt.datetime, actor: str, seal: str | None) -> None:
    change.cancel(subscription_id, now, at_once=True, actor=actor, seal=seal)


CHANGES = {
    "pause": Change(
        "Pause",
        "No bills until you resume it. The customer keeps what is paid for.",
        lambda _session, found, _now: preview.pause(found),
        lambda id_, now, actor, seal: change.pause(id_, now, actor=actor, seal=seal),
        (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE),
    ),
    "resumption": Change(
        "Resume",
        "Billing continues. If the paid period has ended, a new one is billed now. A card that "
        "isn't the customer's own is not charged: they are mailed a link to pay.",
        lambda _session, found, now: preview.resumption(found, now),
        lambda id_, now, actor, seal: change.resume(id_, now, actor=actor, seal=seal),
        ("paused", "ending"),
    ),
    "cancellation": Change(
        "Cancel at the period's end",
        "It runs until the end of the paid period. There are no more bills.",
        lambda session, found, now: preview.cancellation(session, found, now, at_once=False)[0],
        _cancel,
        (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE),
    ),
    "end": Change(
        "End now",
        "It ends now. Credit goes back to the card, and what was to go on the next bill is "
        "charged. Nothing else is refunded: refund the payment if you want to.",
        lambda session, found, now: preview.cancellation(session, found, now, at_once=True)[0],
        _end,
        (
            SubscriptionStatus.TRIALING,
            SubscriptionStatus.ACTIVE,
            SubscriptionStatus.PAST_DUE,
            "paused",
            "ending",
        ),
    ),
}


@blueprint.get("/subscriptions/<subscription_id>")
@staff("view")
@takes("bills", "timeline")
def subscription(subscription_id: str) -> Response:
    """Its bills with every attempt, what comes next, and its history."""
    found, zone, session = _find(subscription_id), reader_zone(), db.session()
    return page(
        "subscriptions/subscription.html",
        customer=session.get_one(Customer, found.customer_id),
        row=row_of(found),
        bills=bills(session, found.id, zone),
        ending=ending_of(session, found, zone),
        timeline=history_of(session, found.id, zone),
        changes=_open_changes(found) if signed_in().may("subscription") else {},
    )


@blueprint.get("/subscriptions/<subscription_id>/<name>")
@staff("subscription")
def confirm_change(subscription_id: str, name: str) -> Response:
    """What the change would do, and the button."""
    return _change_page(subscription_id, name)


@blueprint.post("/subscriptions/<subscription_id>/<name>")
@staff("subscription")
def change_subscription(subscription_id: str, name: str) -> Response | BaseResponse:
    """Make the change; it is in the history with who made it."""
    _find(subscription_id)
    try:
        _change(name).function(subscription_id, utcnow(), signed_in().id, request.form.get("seal"))
    except ChangeRefusedError as refusal:
        return _change_page(subscription_id, name, 409, problem=str(refusal))
    return redirect(url_for("staff.subscription", subscription_id=subscription_id), 303)


def _change_page(
    subscription_id: str, name: str, status: int = 200, problem: str | None = None
) -> Response:
    found, change_of = _find(subscription_id), _change(name)
    try:
        lines = change_of.read(db.session(), found, utcnow())
    except ChangeRefusedError as refusal:
        lines, problem, status = [], problem or str(refusal), 409
    return page(
        "subscriptions/subscription_change.html",
        status,
        row=row_of(found),
        change=change_of,
        lines=lines,
        seal=seal_of(lines),
        name=name,
        customer=db.session().get_one(Customer, found.customer_id),
        problem=problem,
    )


def _open_changes(found: Subscription) -> dict[str, Change]:
    status = found.display_status
    if found.cancel_at_period_end and status in (
        SubscriptionStatus.TRIALING,
        SubscriptionStatus.ACTIVE,
    ):
        status = "ending"
    return {name: each for name, each in CHANGES.items() if status in each.states}


def _change(name: str) -> Change:
    if name not in CHANGES:
        raise NotFound
    return CHANGES[name]


def _find(subscription_id: str) -> Subscription:
    found: Subscription | None = db.session().get(
        Subscription, subscription_id[:40], populate_existing=True
    )
    if found is None:
        raise NotFound
    return found
