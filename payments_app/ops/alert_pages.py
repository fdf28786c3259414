"""The staff's page of alerts."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, make_response, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.accounts.people import names_of
from payments_app.core.alerts import Alert
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import reference
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.ops import bulk
from payments_app.ops.acknowledge import acknowledge, list_alerts
from payments_app.ops.blueprint import blueprint
from payments_app.payments.models import Transaction

MAX_ID = 2**63 - 1
# Where what an alert of this kind is about is shown, if it is about no payment.
_PAGES = {
    "reconciliation": ("Reconciliation", "staff.findings"),
    "not_compared": ("Reconciliation", "staff.findings"),
    "unmatched": ("Disputes", "staff.disputes"),
    **dict.fromkeys(("late", "redis", "unknown_command"), ("Queues", "ops.queues")),
    **dict.fromkeys(("stripe_doctor", "stripe_misconfigured"), ("Stripe", "ops.stripe")),
}


@blueprint.get("/staff/alerts")
@staff("technical")
@takes("acknowledged")
def alerts() -> Response:
    """What waits for somebody; or, with `?acknowledged=1`, what somebody saw."""
    wanted = asked("acknowledged")
    if wanted not in {"", "0", "1"}:
        raise UnreadableQueryError({"acknowledged": "This must be 1, or left out."})
    past = wanted == "1"
    session = db.session()
    found = list_alerts(session, opened=not past)
    page = render_template(
        "ops/alerts.html",
        alerts=found,
        about=about(session, found),
        names=names_of(session, (alert.acknowledged_by or "" for alert in found)),
        past=past,
        kinds=[] if past else bulk.alert_kinds(session),
        may_acknowledge=signed_in().may("acknowledge_alert"),
    )
    return private(make_response(page))


def about(session: Session, found: Sequence[Alert]) -> dict[int, tuple[str, str]]:
    """By alert, the words and the address of what it is about, where that has a page."""
    ids = {alert.id: as_object(alert.data).get("transaction_id") for alert in found}
    emails = select(Transaction.id, Transaction.email).where(
        Transaction.id.in_([id_ for id_ in ids.values() if id_])
    )
    whose = {row.id: row.email for row in session.execute(emails)}
    linked = {}
    for alert in found:
        id_ = ids[alert.id]
        if id_ is not None and id_ in whose:
            words = f"{whose[id_] or 'no address'}, {reference(id_)}"
            linked[alert.id] = (words, url_for("staff.payment", transaction_id=id_))
        elif alert.kind == "dead_letter":
            number = alert.key.partition(":")[2]
            linked[alert.id] = ("Dead letter", url_for("ops.dead_letter", message_id=number))
        elif alert.kind in _PAGES:
            words, endpoint = _PAGES[alert.kind]
            linked[alert.id] = (words, url_for(endpoint))
    return linked


@blueprint.post("/staff/alerts/<int:alert_id>/acknowledgements")
@staff("acknowledge_alert")
def acknowledge_alert(alert_id: int) -> BaseResponse:
    """Close it in this member's name; one that is closed already stays as it is."""
    if alert_id > MAX_ID:
        raise NotFound
    acknowledge(alert_id, signed_in().id)
    return redirect(url_for("ops.alerts"), 303)
