"""The cart's pages, and the order made of it."""

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
def put_item() -> Response | BaseResponse:
    """Set how many of a product are in the cart; none, or `remove`, takes it out. Without a
    quantity it is one more."""
    item = request.form.get("item", "")[:60]
    quantity = "0" if "remove" in request.form else request.form.get("quantity")
    try:
        if quantity is None:
            cart.add(db.session(), item)
        elif not quantity.isdecimal() or len(quantity) > 4:
            raise cart.CartError(Words("The quantity must be a whole number."))
        else:
            cart.put(db.session(), item, int(quantity))
    except cart.CartError as problem:
        return _page(problem, item, quantity)
    return redirect(url_for("orders.show_cart"), 303)


@blueprint.post("/orders")
@posted_from(lambda: url_for("orders.show_cart"))
@buyer
def create_order() -> Response | BaseResponse:
    """Make an order of the cart and go on to pay for it. Sent twice it is the same order; goods are
    held only while a payment is under way."""
    rate = Rate.parse(current_app.config["CONFIG"].checkout_rate_limit)
    limiter().check("orders", rate, f"address:{visitor_network()}")
    try:
        order_id = order_cart(db.session())
    except cart.CartError as problem:
        return _page(problem)
    return redirect(url_for("checkout.form", item=order_id), 303)


def _page(
    problem: cart.CartError | None = None, item: str = "", quantity: str | None = None
) -> Response:
    found = cart.lines(db.session())
    page = render_template(
        "orders/cart.html",
        lines=found,
        total=cart.total(found),
        problem=problem,
        asked={"item": item, "quantity": (quantity or "")[:20]},
    )
    return private(make_response(page, 422 if problem else 200))
