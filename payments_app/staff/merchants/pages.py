"""Merchants: how far each is with Stripe; administrators add one and send it its onboarding
link."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.email_addresses import checked
from payments_app.core.extensions import db
from payments_app.core.web import visitor_sessions
from payments_app.core.web.access import staff
from payments_app.core.web.query import takes
from payments_app.merchants import onboarding
from payments_app.merchants.models import DESTINATION, DIRECT, Merchant
from payments_app.merchants.read_again import read_looked_at
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.merchants.queries import merchants
from payments_app.staff.zones import reader_zone

_CHARGE_TYPES = {
    DESTINATION: "Destination charges",
    DIRECT: "Direct charges",
}


@blueprint.get("/merchants")
@staff("view")
@takes("merchants")
def merchant_list() -> Response:
    """The connected merchants, and for an administrator the form for one more."""
    return _list()


@blueprint.post("/merchants")
@staff("merchants")
def create_merchant() -> Response | BaseResponse:
    """Add a merchant; a job makes its account at Stripe."""
    name, email = request.form.get("name", "").strip(), request.form.get("email", "").strip()
    charge_type = request.form.get("charge_type", DESTINATION)
    country = request.form.get("country", "").strip().upper()
    problem = _problem(name, email, charge_type, country)
    if problem:
        return _list(422, problem=problem, name=name, email=email, country=country)
    onboarding.add_merchant(
        name=name, email=email, charge_type=charge_type, country=country, actor=signed_in().id
    )
    return redirect(url_for("staff.merchant_list"), 303)


@blueprint.post("/merchants/<merchant_id>/readings")
@staff("merchants")
def read_merchant(merchant_id: str) -> BaseResponse:
    """Have a merchant's account read at Stripe again."""
    if onboarding.find(db.session(), merchant_id) is None:
        raise NotFound
    onboarding.returned_from_stripe(merchant_id)
    return redirect(url_for("staff.merchant_list"), 303)


@blueprint.post("/merchants/<merchant_id>/accounts")
@staff("merchants")
def create_account_again(merchant_id: str) -> BaseResponse:
    """Have a merchant's account made after all, which Stripe refused to make."""
    if onboarding.find(db.session(), merchant_id) is None:
        raise NotFound
    onboarding.request_account_again(merchant_id, signed_in().id)
    return redirect(url_for("staff.merchant_list"), 303)


@blueprint.post("/merchants/<merchant_id>/session-endings")
@staff("sessions")
def end_merchant_sessions(merchant_id: str) -> BaseResponse:
    """No browser is this merchant's any more."""
    if db.session.get(Merchant, merchant_id) is None:
        raise NotFound
    who = visitor_sessions.MERCHANT
    visitor_sessions.sign_out_everywhere(who, merchant_id, signed_in().id)
    return redirect(url_for("staff.merchant_list"), 303)


def _problem(name: str, email: str, charge_type: str, country: str) -> str | None:
    if not 1 <= len(name) <= 100:
        return "Enter the merchant's name, at most 100 characters."
    if checked(email) is None:
        return "Enter an e-mail address like name@example.com."
    if charge_type not in _CHARGE_TYPES:
        return "Choose a charge type."
    try:
        refuse(name, email)
    except CardNumberError as error:
        return str(error)
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        return "Enter a two-letter country code, such as US."
    return None


def _list(
    status: int = 200,
    *,
    problem: str | None = None,
    name: str = "",
    email: str = "",
    country: str = "",
) -> Response:
    found = merchants(db.session(), reader_zone())
    read_looked_at([row.id for row in found.rows])
    return page(
        "merchants/merchants.html",
        status,
        merchants=found,
        charge_types=_CHARGE_TYPES,
        may_change=signed_in().may("merchants"),
        may_end=signed_in().may("sessions"),
        problem=problem,
        name=name,
        email=email,
        country=country,
    )
