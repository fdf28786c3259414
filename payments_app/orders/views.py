"""The cart's pages, and the order made of it."""

from __future__ import annotations

from collections.abc import Mapping

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
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.extensions import db
from payments_app.core.language import Words
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.page_before import posted_from
from payments_app.core.web.visitor import visitor_network
from payments_app.orders import cart
from payments_app.orders.order_cart import order_cart

blueprint = Blueprint("orders", __name__)


@blueprint.app_template_global()
def cart_count() -> int:
    """How many things are in this browser's cart."""
    return cart.count(db.session())


@blueprint.get("/cart")
@buyer
def show_cart() -> Response:
    """What is in the cart."""
    return _page()


@blueprint.post("/cart/items")
@buyer
def put_items() -> Response | BaseResponse:
    """Set how many of each product are in the cart; none, or `remove`, takes it out. Without a
    quantity it is one more."""
    if "quantity" in request.form or "remove" in request.form:
        problems = _put(_typed())
    else:
        problems = _put({request.form.get("item", "")[:60]: None})
    return _page(problems) if problems else redirect(url_for("orders.show_cart"), 303)


def _typed() -> dict[str, str]:
    """The quantities of the form, by slug."""
    items, quantities = request.form.getlist("item"), request.form.getlist("quantity")
    if "remove" in request.form:
        quantities = ["0"] * len(items)
    typed = zip(items[: cart.MOST_LINES], quantities, strict=False)
    return {slug[:60]: quantity for slug, quantity in typed}


def _put(wanted: Mapping[str, str | None]) -> dict[str, cart.CartError]:
    """Put so many of each into the cart, None for one more; what can't be, by slug."""
    problems = {}
    for slug, quantity in wanted.items():
        try:
            if quantity is None:
                cart.add(db.session(), slug)
            elif not quantity.isdecimal() or len(quantity) > 4:
                raise cart.CartError(Words("The quantity must be a whole number."))
            else:
                cart.put(db.session(), slug, int(quantity))
        except cart.CartError as problem:
            problems[slug] = problem
    return problems


@blueprint.post("/orders")
@posted_from(lambda: url_for("orders.show_cart"))
@buyer
def create_order() -> Response | BaseResponse:
    """Make an order of the cart and go on to pay for it. Sent twice it is the same order; goods are
    held only while a payment is under way."""
    rate = Rate.parse(current_app.config["CONFIG"].checkout_rate_limit)
    limiter().check("orders", rate, f"address:{visitor_network()}")
    # Only what is still in it: an old page's may be paid for.
    held = {line.product.slug for line in cart.lines(db.session())}
    if problems := _put({slug: typed for slug, typed in _typed().items() if slug in held}):
        return _page(problems)
    try:
        order_id = order_cart(db.session())
    except cart.CartError as problem:
        return _page({"": problem})
    return redirect(url_for("checkout.form", item=order_id), 303)


def _page(problems: Mapping[str, cart.CartError] | None = None) -> Response:
    found = cart.lines(db.session())
    page = render_template(
        "orders/cart.html",
        lines=found,
        total=cart.total(found),
        problems=problems or {},
        typed={slug: typed[:20] for slug, typed in _typed().items()},
    )
    return private(make_response(page, 422 if problems else 200))
