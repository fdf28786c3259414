"""What a buyer agreed to have charged without them, and the step that ends it: in their account, or
by the signed link in the receipt of such a charge.

The link reaches one consent and signs nobody in. Whoever was sent the receipt may end what it was
charged by; at worst an application has to ask again.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.extensions import db
from payments_app.core.web import links
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.customers.models import Customer
from payments_app.customers.recognise import recognised
from payments_app.merchants.find import shop_name
from payments_app.payment_requests.end_consents import end_for_owner
from payments_app.payment_requests.find_consents import PURPOSE, Given, given, given_for, owner_of

blueprint = Blueprint("consents", __name__)
LINK_SECONDS = 400 * 24 * 3600
RECEIPT = "receipt"  # the actor of what was ended by its link


@blueprint.get("/account/consents")
@buyer
def mine() -> Response | BaseResponse:
    """All consents that a known customer gave; anybody else may ask for a link."""
    customer_id = recognised()
    if customer_id is None:
        return redirect(url_for("customers.account", next=request.path), 303)
    return _page(
        "consents/mine.html",
        consents=given_for(db.session(), customer_id),
        customer=db.session.get_one(Customer, customer_id),
    )


@blueprint.get("/account/consents/<consent_id>")
@buyer
def confirm(consent_id: str) -> Response | BaseResponse:
    """What follows where it ends, and the button that ends it."""
    if recognised() is None:
        return redirect(url_for("customers.account", next=url_for("consents.mine")), 303)
    return _confirm(_mine(consent_id), url_for("consents.end", consent_id=consent_id))


@blueprint.post("/account/consents/<consent_id>")
@buyer
def end(consent_id: str) -> BaseResponse:
    """End it. Twice is once."""
    customer_id = recognised()
    if customer_id is None or owner_of(db.session(), consent_id[:40]) != customer_id:
        raise NotFound
    end_for_owner(consent_id, customer_id)
    return redirect(url_for("consents.mine"), 303)


@blueprint.get("/consents/<token>")
@buyer
def confirm_by_link(token: str) -> Response:
    """The same by the link in a receipt. It ends nothing: every scanner of mails opens it."""
    found = _linked(token)
    page = _confirm(found, url_for("consents.end_by_link", token=token)) if found else _over()
    page.headers["X-Robots-Tag"] = "noindex"
    return page


@blueprint.post("/consents/<token>")
@buyer
def end_by_link(token: str) -> Response:
    """End it, and say so."""
    found = _linked(token)
    if found is None:
        return _over()
    end_for_owner(found.consent.id, RECEIPT)
    return _page("consents/ended.html", one=found)


def _linked(token: str) -> Given | None:
    consent_id = links.read(PURPOSE, token, LINK_SECONDS)
    return given(db.session(), consent_id) if isinstance(consent_id, str) else None


def _mine(consent_id: str) -> Given:
    """Raises NotFound, the same for every kind of miss."""
    found = given(db.session(), consent_id[:40])
    if found is None or found.whose != recognised():
        raise NotFound
    return found


def _confirm(one: Given, action: str) -> Response:
    return _page("consents/confirm.html", one=one, action=action, known=recognised() == one.whose)


def _over() -> Response:
    return _page("consents/ended.html", 410, one=None)


def _page(template: str, status: int = 200, **words: object) -> Response:
    page = render_template(template, shop=shop_name(), **words)
    return private(make_response(page, status))
