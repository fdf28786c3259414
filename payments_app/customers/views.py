"""The buyer's own pages, behind a link that was mailed: saved cards, and the sign-in link."""

from __future__ import annotations

import datetime as dt

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.card_numbers import holds, refuse
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.reader_time import time_of
from payments_app.core.web import languages, visitor_sessions
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.link_requests import our_path
from payments_app.core.web.links import masked, on_site
from payments_app.core.web.one_time_links import minutes
from payments_app.core.web.visitor import visitor_network
from payments_app.customers import cards
from payments_app.customers.ask_for_link import ask_for_link
from payments_app.customers.find_cards import saved_cards
from payments_app.customers.given_back import given_back
from payments_app.customers.models import Customer
from payments_app.customers.recognise import (
    PURPOSE,
    enter,
    read_link,
    recognised,
    this_browser,
)
from payments_app.customers.sign_out import (
    customer_here,
    leave_payments_here,
    sign_out,
    sign_out_everywhere,
)

blueprint = Blueprint("customers", __name__)
blueprint.add_app_template_filter(visitor_sessions.shown_browser)


@blueprint.app_template_filter("moment")
def moment(when: dt.datetime, zone: str | None) -> str:
    """A moment in the zone of this name; in the business's where it is none."""
    return time_of(when, "%b %-d, %Y, %-I:%M %p %Z", zone)


@blueprint.get("/account")
@buyer
def account() -> Response:
    """The saved cards of a known customer; for anybody else, the form that asks for a link."""
    customer_id = recognised()
    customer = db.session.get(Customer, customer_id) if customer_id else None
    if customer is None:
        return _ask()
    whole = "all" in request.args
    back, more = given_back(db.session(), customer.id, whole=whole)
    return _page(
        "customers/account.html",
        customer=customer,
        cards=saved_cards(db.session(), customer.id),
        given_back=back,
        more_given_back=more,
        sessions=visitor_sessions.sessions_of(db.session(), PURPOSE, customer.id),
        here=visitor_sessions.of_this_browser(PURPOSE),
    )


@blueprint.post("/account/links")
@buyer
def create_link() -> Response:
    """Ask for the link. The answer is the same whether the address is a customer's or not."""
    rate = Rate.parse(current_app.config["CONFIG"].checkout_rate_limit)
    limiter().check("account", rate, f"address:{visitor_network()}")
    email = request.form.get("email", "")[:254].strip()
    refuse(email)
    if "@" not in email:
        return _ask(422, email=email, wrong=True)
    ask_for_link(email, _wanted())
    return _page("customers/asked.html", email=email, minutes=minutes())


@blueprint.get("/account/<token>")
@buyer
def open_account(token: str) -> Response:
    """The mailed link asks whose pages are meant. It makes nobody known: any page on the web, and
    every scanner of mails, can open an address."""
    link = read_link(db.session(), token)
    if link is None:
        return _too_old()
    before = db.session.get(Customer, recognised() or "")
    page = _page(
        "customers/continue.html",
        token=token,
        address=masked(link.email),
        before=masked(before.email) if before and before.id != link.customer_id else None,
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page


@blueprint.post("/account/<token>")
@buyer
def enter_account(token: str) -> Response | BaseResponse:
    """The link's button, which spends it: this browser is the customer's for a day, and so are the
    cards that it kept under their address."""
    before, link = customer_here(), enter(token)
    if link is None:
        return _too_old()
    _keep_language(link.customer_id)
    if browser := this_browser():
        cards.verify_cards(link.customer_id, browser)
    if before != link.customer_id:
        leave_payments_here(before)
    return private(make_response(redirect(on_site(link.to), 303)))


@blueprint.post("/account/default_card")
@buyer
def choose_default_card() -> BaseResponse:
    """Make a card the default."""
    if not cards.choose_default(_customer(), request.form.get("card", "")[:40]):
        raise NotFound
    return redirect(url_for("customers.account"), 303)


@blueprint.post("/account/removed_cards")
@buyer
def remove_card() -> BaseResponse:
    """Never charge a card again."""
    if not cards.remove(_customer(), request.form.get("card", "")[:40]):
        raise NotFound
    return redirect(url_for("customers.account"), 303)


@blueprint.post("/account/leave")
@buyer
def leave() -> BaseResponse:
    """This browser is nobody's any more."""
    sign_out()
    return redirect(url_for("checkout.shop"), 303)


@blueprint.post("/account/leave_everywhere")
@buyer
def leave_everywhere() -> BaseResponse:
    """No browser is this customer's any more."""
    customer_id = _customer()
    sign_out_everywhere(customer_id, customer_id)
    visitor_sessions.sign_out(PURPOSE)
    leave_payments_here(customer_id)
    return redirect(url_for("customers.account"), 303)


@atomic
def _keep_language(session: Session, customer_id: str) -> None:
    """What was chosen in this browser is the customer's from now on; else theirs is read here."""
    customer = session.get_one(Customer, customer_id)
    if code := languages.chosen():
        customer.language = code
    languages.keep(customer.language)


def _wanted() -> str:
    """Where the link is to lead on to: only ever a page of ours, and of no address that holds what
    may not be kept."""
    path = our_path(request.values.get("next", ""), "/account")
    return "/account" if holds(path) else path


def _too_old() -> Response:
    return _ask(410, too_old=True)


def _customer() -> str:
    """Raises NotFound, the same for every kind of miss."""
    customer_id = recognised()
    if customer_id is None:
        raise NotFound
    return customer_id


def _ask(
    status: int = 200, *, email: str = "", wrong: bool = False, too_old: bool = False
) -> Response:
    return _page(
        "customers/ask.html", status, email=email, wrong=wrong, too_old=too_old, next=_wanted()
    )


def _page(template: str, status: int = 200, **words: object) -> Response:
    return private(make_response(render_template(template, **words), status))
