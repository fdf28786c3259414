"""Ending the consent to charge a card without its owner, by staff: a page that says what follows
and asks why."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.customers.models import Customer
from payments_app.payment_requests.end_consents import MOST_REASON, end_for_staff
from payments_app.payment_requests.find_consents import Given, given
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.zones import reader_zone, when


@blueprint.get("/consents/<consent_id>/endings")
@staff("end_consent")
def confirm_consent_ending(consent_id: str) -> Response:
    """What follows, and the form for the reason."""
    return _page(_found(consent_id))


@blueprint.post("/consents/<consent_id>/endings")
@staff("end_consent")
def end_consent(consent_id: str) -> Response | BaseResponse:
    """End it. A reason that can't be kept is asked for again."""
    found, reason = _found(consent_id), request.form.get("reason", "")
    try:
        end_for_staff(found.consent.id, reason, signed_in().id)
    except ValueError as problem:
        return _page(found, 422, problem=str(problem), reason=reason)
    return redirect(url_for("staff.customer", customer_id=found.whose), 303)


def _found(consent_id: str) -> Given:
    """Raises NotFound, also of one that has ended."""
    found = given(db.session(), consent_id[:40])
    if found is None:
        raise NotFound
    return found


def _page(one: Given, status: int = 200, *, problem: str = "", reason: str = "") -> Response:
    zone = reader_zone()
    return page(
        "customers/consent.html",
        status,
        one=one,
        customer=db.session.get_one(Customer, one.whose),
        when=lambda moment: when(moment, zone),
        problem=problem,
        reason=reason,
        most=MOST_REASON,
    )
