"""The banner of what is wrong now, on every staff page; and which payments an incident touched."""

from __future__ import annotations

from flask import Response, make_response, render_template
from werkzeug.exceptions import NotFound

from payments_app.core.alerts import Alert
from payments_app.core.db.ids import reference
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.query import takes
from payments_app.ops.blueprint import blueprint
from payments_app.ops.incident import incident
from payments_app.ops.touched import KINDS, touched
from payments_app.payments.amounts import amount_words

MAX_ID = 2**63 - 1


@blueprint.app_template_global()
def incident_now() -> object:
    """What is wrong now; None where nothing is."""
    return incident()


@blueprint.get("/staff/incident")
@staff("view")
def incident_banner() -> Response:
    """The banner alone, for the page that is open."""
    return private(make_response(render_template("ops/_incident.html")))


@blueprint.get("/staff/incidents/<int:alert_id>")
@staff("technical")
@takes("payments", "refunds")
def incident_page(alert_id: int) -> Response:
    """The payments that an incident touched, and how each of them stands now."""
    session = db.session()
    alert = session.get(Alert, alert_id) if alert_id <= MAX_ID else None
    if alert is None or alert.kind not in KINDS:
        raise NotFound
    found = touched(session, alert)
    page = render_template(
        "ops/touched.html",
        alert=alert,
        found=found,
        reference=reference,
        money=Money,
        amount_words=amount_words,
    )
    return private(make_response(page))
