"""A customer's page: subscriptions, and the panel "Payment History", cached as one fragment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from flask import Response, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.ago import clock_shown
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.web import visitor_sessions
from payments_app.core.web.access import staff
from payments_app.core.web.cache import shape_of
from payments_app.core.web.query import takes
from payments_app.customers.models import Customer
from payments_app.customers.sign_out import sign_out_everywhere
from payments_app.payment_requests.find_consents import given_for
from payments_app.staff import cache
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.customers.queries import panel_of, rows_of
from payments_app.staff.detail import Detail
from payments_app.staff.subscriptions.queries import subscription_rows
from payments_app.staff.zones import reader_zone, when


@dataclass(frozen=True)
class _Fragment:
    """The panel, and when it was made (ISO 8601)."""

    html: str
    as_of: str


_SHAPE = shape_of(_Fragment, Detail)


@blueprint.get("/customers/<customer_id>")
@staff("view")
@takes("attempts")
def customer(customer_id: str) -> Response:
    """All attempts of one customer, and their totals."""
    session, zone = db.session(), reader_zone()
    found = session.get(Customer, customer_id)
    if found is None:
        raise NotFound
    panel = panel_of(session, customer_id)
    retries = signed_in().may("retry")

    def render() -> dict[str, Any]:
        # Nothing of this reader's session may be in it: others with the same zone get it too.
        rows = rows_of(session, panel, zone)
        html = render_template(
            "staff/customers/_history.html", rows=rows, totals=panel.totals, retries=retries
        )
        return asdict(_Fragment(html, as_of=utcnow().isoformat()))

    key = f"panel:{_SHAPE}:{customer_id}:{panel.version}:{zone.key}:{int(retries)}"
    fragment = _Fragment(**cache.remembered(key, cache.HOUR, render))
    as_of = utcnow().fromisoformat(fragment.as_of).astimezone(zone)
    return page(
        "customers/customer.html",
        customer=found,
        subscriptions=subscription_rows(session, customer_id),
        consents=given_for(session, customer_id),
        history=fragment.html,
        attempts=panel.part,
        as_of=clock_shown(as_of),
        sessions=visitor_sessions.sessions_of(session, visitor_sessions.CUSTOMER, customer_id),
        may_end=signed_in().may("sessions"),
        may_end_consent=signed_in().may("end_consent"),
        when=lambda moment: when(moment, zone),
    )


@blueprint.post("/customers/<customer_id>/session-endings")
@staff("sessions")
def end_customer_sessions(customer_id: str) -> BaseResponse:
    """No browser is this customer's any more."""
    if db.session.get(Customer, customer_id) is None:
        raise NotFound
    sign_out_everywhere(customer_id, signed_in().id)
    return redirect(url_for("staff.customer", customer_id=customer_id), 303)
