"""The staff's page of alerts."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.ops.acknowledge import acknowledge, list_alerts
from payments_app.ops.blueprint import blueprint

MAX_ID = 2**63 - 1


@blueprint.get("/staff/alerts")
@staff("technical")
@takes("acknowledged")
def alerts() -> Response:
    """What waits for somebody; or, with `?acknowledged=1`, what somebody saw."""
    wanted = asked("acknowledged")
    if wanted not in {"", "0", "1"}:
        raise UnreadableQueryError({"acknowledged": "This must be 1, or left out."})
    past = wanted == "1"
    page = render_template(
        "ops/alerts.html",
        alerts=list_alerts(db.session(), opened=not past),
        past=past,
        may_acknowledge=signed_in().may("acknowledge_alert"),
    )
    return private(make_response(page))


@blueprint.post("/staff/alerts/<int:alert_id>/acknowledgements")
@staff("acknowledge_alert")
def acknowledge_alert(alert_id: int) -> BaseResponse:
    """Close it in this member's name; one that is closed already stays as it is."""
    if alert_id > MAX_ID:
        raise NotFound
    acknowledge(alert_id, signed_in().id)
    return redirect(url_for("ops.alerts"), 303)
