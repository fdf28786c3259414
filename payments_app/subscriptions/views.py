"""A known customer's subscriptions, and what may be done with each."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.customers.cards import saved_cards
from payments_app.customers.recognise import recognised
from payments_app.subscriptions import change, find
from payments_app.subscriptions.calendar import day_words
from payments_app.subscriptions.change import ChangeRefusedError

blueprint = Blueprint("subscriptions", __name__)
blueprint.add_app_template_filter(day_words, "day")


@blueprint.get("/account/subscriptions")
@buyer
def mine() -> Response | BaseResponse:
    """All subscriptions of a known customer; anybody else may ask for a link."""
    if recognised() is None:
        return redirect(url_for("customers.account", next=request.path), 303)
    return _page()


@blueprint.post("/account/subscriptions/<subscription_id>/cancellation")
@buyer
def cancel(subscription_id: str) -> Response | BaseResponse:
    """End it when what is paid for is over, or now."""
    at_once = request.form.get("when") == "now"
    change.cancel(_mine(subscription_id), utcnow(), at_once=at_once)
    return redirect(url_for("subscriptions.mine"), 303)


@blueprint.post("/account/subscriptions/<subscription_id>/resumption")
@buyer
def resume(subscription_id: str) -> Response | BaseResponse:
    """Go on after a pause, or do not end it after all."""
    return _changed(lambda: change.resume(_mine(subscription_id), utcnow()))


@blueprint.post("/account/subscriptions/<subscription_id>/pause")
@buyer
def pause(subscription_id: str) -> Response | BaseResponse:
    """Bill nothing until it is resumed."""
    return _changed(lambda: change.pause(_mine(subscription_id), utcnow()))


@blueprint.post("/account/subscriptions/<subscription_id>/plan")
@buyer
def change_plan(subscription_id: str) -> Response | BaseResponse:
    """Go over to another plan."""
    plan = find.plan_on_offer(db.session(), request.form.get("plan", "")[:60])
    if plan is None:
        raise NotFound
    plan_id = plan.id
    return _changed(lambda: change.change_plan(_mine(subscription_id), plan_id, utcnow()))


@blueprint.post("/account/subscriptions/<subscription_id>/card")
@buyer
def use_card(subscription_id: str) -> Response | BaseResponse:
    """Charge another saved card."""
    card = request.form.get("card", "")[:40]
    return _changed(lambda: change.use_card(_mine(subscription_id), card))


def _changed(step: Callable[[], object]) -> Response | BaseResponse:
    try:
        step()
    except ChangeRefusedError as refusal:
        return _page(refusal)
    return redirect(url_for("subscriptions.mine"), 303)


def _mine(subscription_id: str) -> str:
    """Raises NotFound, the same for every kind of miss."""
    customer_id = recognised()
    if customer_id is None or not find.subscription_of(
        db.session(), customer_id, subscription_id[:40]
    ):
        raise NotFound
    return subscription_id


def _page(problem: ChangeRefusedError | None = None) -> Response:
    session, customer_id = db.session(), recognised()
    if customer_id is None:
        raise NotFound
    rows = [
        {
            "subscription": subscription,
            "unpaid": find.unpaid_period(session, subscription.id),
            "plans": find.other_plans(session, subscription.plan),
        }
        for subscription in find.subscriptions_of(session, customer_id)
    ]
    page = render_template(
        "subscriptions/mine.html",
        rows=rows,
        cards=saved_cards(session, customer_id),
        problem=problem,
    )
    return private(make_response(page, 409 if problem else 200))
