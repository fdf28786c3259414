"""A known customer's subscriptions, and what may be done with each."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.language import Words
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.customers.find_cards import card_of, saved_cards
from payments_app.customers.models import Customer
from payments_app.customers.recognise import recognised
from payments_app.subscriptions import effects, find
from payments_app.subscriptions.calendar import day_words, local_day
from payments_app.subscriptions.change import EffectChangedError, ask_for_card
from payments_app.subscriptions.changes import CHANGES, Change
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.preview import ChangeRefusedError, at_the_end, removal
from payments_app.subscriptions.settled import Settled, settled

blueprint = Blueprint("subscriptions", __name__)
blueprint.add_app_template_filter(day_words, "day")
_ASKED = ("when", "plan", "card")


@blueprint.get("/account/subscriptions")
@buyer
def mine() -> Response | BaseResponse:
    """All subscriptions of a known customer; anybody else may ask for a link."""
    if recognised() is None:
        return redirect(url_for("customers.account", next=request.path), 303)
    return _page()


@blueprint.get("/account/subscriptions/<subscription_id>/<name>")
@buyer
def confirm(subscription_id: str, name: str) -> Response | BaseResponse:
    """What a change would come to, in money and dates, and the button that makes it."""
    if recognised() is None:
        return redirect(url_for("customers.account", next=url_for("subscriptions.mine")), 303)
    return _confirm(_mine(subscription_id), name)


@blueprint.post("/account/subscriptions/<subscription_id>/<name>")
@buyer
def make_change(subscription_id: str, name: str) -> Response | BaseResponse:
    """Make a change whose lines were read; any other is asked about first."""
    mine, seal = _mine(subscription_id), request.form.get("seal", "")
    change_of = _change(name)
    if not seal:
        to: dict[str, Any] = {"subscription_id": mine, "name": name, **_asked()}
        return redirect(url_for("subscriptions.confirm", **to), 303)
    try:
        change_of.make(mine, request.form, seal)
    except EffectChangedError as changed:
        return _confirm(mine, name, changed)
    except ChangeRefusedError as refusal:
        return _page(refusal)
    return redirect(url_for("subscriptions.mine"), 303)


@blueprint.route("/account/subscriptions/<subscription_id>/new_card", methods=["GET", "POST"])
@buyer
def new_card(subscription_id: str) -> Response | BaseResponse:
    """Go on to the page that takes a new card for it; it asks for nothing by itself."""
    if request.method != "POST":
        return redirect(url_for("subscriptions.mine"), 303)
    try:
        change_id = ask_for_card(_mine(subscription_id))
    except ChangeRefusedError as refusal:
        return _page(refusal)
    return redirect(url_for("checkout.form", item=change_id), 303)


@blueprint.get("/account/removed_cards")
@buyer
def confirm_removal() -> Response | BaseResponse:
    """What removing a saved card means for the subscriptions that are charged to it."""
    customer_id = recognised()
    if customer_id is None:
        return redirect(url_for("customers.account"), 303)
    card = card_of(db.session(), customer_id, request.args.get("card", "")[:40])
    if card is None:
        return redirect(url_for("customers.account"), 303)
    page = render_template(
        "subscriptions/remove_card.html",
        card=card,
        rows=removal(db.session(), card, utcnow()),
    )
    return private(make_response(page))


def _confirm(
    subscription_id: str, name: str, problem: EffectChangedError | None = None
) -> Response | BaseResponse:
    found = db.session.get_one(Subscription, subscription_id, populate_existing=True)
    change_of = _change(name)
    try:
        lines = change_of.read(found, request.values)
    except ChangeRefusedError as refusal:
        return _page(refusal)
    page = render_template(
        "subscriptions/confirm.html",
        subscription=found,
        title=Words(change_of.title, plan=found.plan.name),
        button=change_of.button,
        name=name,
        lines=lines,
        seal=effects.seal_of(lines),
        asked=_asked(),
        problem=problem,
        email=db.session.get_one(Customer, found.customer_id).email,
    )
    return private(make_response(page, 409 if problem else 200))


def _asked() -> dict[str, str]:
    return {key: request.values[key][:60] for key in _ASKED if key in request.values}


def _change(name: str) -> Change:
    if name not in CHANGES:
        raise NotFound
    return CHANGES[name]


def _mine(subscription_id: str) -> str:
    """Raises NotFound, the same for every kind of miss."""
    customer_id = recognised()
    if customer_id is None or not find.subscription_of(
        db.session(), customer_id, subscription_id[:40]
    ):
        raise NotFound
    return subscription_id


def _end(session: Session, subscription: Subscription) -> Settled | None:
    """What its end came to, or will come to; None of one that goes on."""
    if subscription.status == SubscriptionStatus.CANCELED:
        return settled(session, subscription, by_owner=True)
    settlement = at_the_end(session, subscription, utcnow())
    if settlement is None:
        return None
    day = day_words(subscription.billed_until)
    return Settled(effects.settlement_lines(settlement, day), (), (), ())


def _page(problem: ChangeRefusedError | None = None) -> Response:
    session, customer_id = db.session(), recognised()
    if customer_id is None:
        raise NotFound
    rows = [
        {
            "subscription": subscription,
            "unpaid": find.unpaid_period(session, subscription.id),
            "plans": find.other_plans(session, subscription.plan),
            "end": _end(session, subscription),
        }
        for subscription in find.subscriptions_of(session, customer_id)
    ]
    page = render_template(
        "subscriptions/mine.html",
        rows=rows,
        begun=find.being_begun(session, customer_id),
        cards=saved_cards(session, customer_id),
        today=local_day(utcnow()),
        problem=problem,
    )
    return private(make_response(page, 409 if problem else 200))
