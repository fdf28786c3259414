"""The cart's pages, and the order made of it."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.extensions import db
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.orders import cart

blueprint = Blueprint("orders", __name__)


@blueprint.get("/cart")
@buyer
def show_cart() -> Response:
    """What is in the cart."""
    return _page()


@blueprint.post("/cart/items")
@buyer
def put_item() -> Response | BaseResponse:
    """Set how many of a product are in the cart; none, or `remove`, takes it out."""
    quantity = "0" if "remove" in request.form else request.form.get("quantity", "1")
    try:
        if not quantity.isdecimal() or len(quantity) > 4:
            raise cart.CartError("The quantity must be a whole number.")
        cart.put(db.session(), request.form.get("item", "")[:60], int(quantity))
    except cart.CartError as problem:
        return _page(problem)
    return redirect(url_for("orders.show_cart"), 303)


@blueprint.post("/orders")
@buyer
def create_order() -> Response | BaseResponse:
    """Make an order of the cart and go on to pay for it. Sent twice it makes two orders, of which
    one is paid; goods are held only while a payment is under way."""
    try:
        order_id = cart.order_cart()
    except cart.CartError as problem:
        return _page(problem)
    cart.empty()
    return redirect(url_for("checkout.form", item=order_id), 303)


def _page(problem: cart.CartError | None = None) -> Response:
    found = cart.lines(db.session())
    page = render_template(
        "orders/cart.html", lines=found, total=cart.total(found), problem=problem
    )
    return private(make_response(page, 422 if problem else 200))
