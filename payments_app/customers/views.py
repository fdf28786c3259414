"""The buyer's own pages, behind a link that was mailed: saved cards, and the sign-in link."""

from __future__ import annotations

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
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.card_numbers import refuse
from payments_app.core.extensions import db
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.links import masked
from payments_app.core.web.visitor import visitor_network
from payments_app.customers import cards
from payments_app.customers.ask_for_link import ask_for_link
from payments_app.customers.models import Customer
from payments_app.customers.recognise import (
    MailedLink,
    forget,
    read_link,
    recognised,
    remember,
    this_browser,
)

blueprint = Blueprint("customers", __name__)


@blueprint.get("/account")
@buyer
def account() -> Response:
    """The saved cards of a known customer; for anybody else, the form that asks for a link."""
    customer_id = recognised()
    customer = db.session.get(Customer, customer_id) if customer_id else None
    if customer is None:
        return _ask()
    found = cards.saved_cards(db.session(), customer.id)
    return _page("customers/account.html", customer=customer, cards=found)


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
    ask_for_link(email)
    return _page("customers/asked.html", email=email)


@blueprint.get("/account/<token>")
@buyer
def open_account(token: str) -> Response:
    """The mailed link asks whose pages are meant. It makes nobody known: any page on the web, and
    every scanner of mails, can open an address."""
    found = _of_link(token)
    if found is None:
        return _too_old()
    customer, _ = found
    before = db.session.get(Customer, recognised() or "")
    page = _page(
        "customers/continue.html",
        token=token,
        address=masked(customer.email),
        before=masked(before.email) if before not in (None, customer) else None,
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page


@blueprint.post("/account/<token>")
@buyer
def enter_account(token: str) -> Response | BaseResponse:
    """The link's button: this browser is the customer's for a day, and so are the cards that it
    kept under their address."""
    found = _of_link(token)
    if found is None:
        return _too_old()
    _, link = found
    if browser := this_browser():
        cards.verify_cards(link.customer_id, browser)
    remember(link.customer_id)
    return private(make_response(redirect(link.to, 303)))


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
    forget()
    return redirect(url_for("checkout.shop"), 303)


def _of_link(token: str) -> tuple[Customer, MailedLink] | None:
    """Whom a link is for; None where it is forged, too old, or of nobody any more."""
    link = read_link(token)
    customer = db.session.get(Customer, link.customer_id) if link else None
    return (customer, link) if customer is not None and link is not None else None


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
    return _page("customers/ask.html", status, email=email, wrong=wrong, too_old=too_old)


def _page(template: str, status: int = 200, **words: object) -> Response:
    return private(make_response(render_template(template, **words), status))
