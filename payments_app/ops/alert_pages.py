"""The staff's page of alerts."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, current_app, make_response, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import may_open, signed_in
from payments_app.accounts.people import names_of
from payments_app.core.alerts import Alert
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import reference
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.part import scalars_of
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.ops import bulk, touched
from payments_app.ops.acknowledge import PAGE, acknowledge, alerts_of
from payments_app.ops.alert_kinds import KINDS, object_of
from payments_app.ops.blueprint import blueprint
from payments_app.payments.models import Transaction

MAX_ID = 2**63 - 1


@blueprint.get("/staff/alerts")
@staff("technical")
@takes("acknowledged", "incidents", "alerts")
def alerts() -> Response:
    """What waits for somebody; with `?acknowledged=1` what somebody saw, with `?incidents=1` what
    buyers waited for and is over."""
    over = _is_asked("incidents")
    past = over or _is_asked("acknowledged")
    session = db.session()
    query = alerts_of(opened=not past, kinds=touched.KINDS if over else None)
    part = scalars_of(session, query, "alerts", PAGE)
    found = part.rows
    page = render_template(
        "ops/alerts.html",
        alerts=part,
        view={name: 1 for name in ("acknowledged", "incidents") if _is_asked(name)},
        about=about(session, found),
        kinds=KINDS,
        incidents=touched.KINDS,
        names=names_of(session, (alert.acknowledged_by or "" for alert in found)),
        past=past,
        over=over,
        counted=[] if past else bulk.alert_kinds(session),
        may_acknowledge=signed_in().may("acknowledge_alert"),
    )
    return private(make_response(page))


def _is_asked(name: str) -> bool:
    wanted = asked(name)
    if wanted not in {"", "0", "1"}:
        raise UnreadableQueryError({name: "This must be 1, or left out."})
    return wanted == "1"


def about(session: Session, found: Sequence[Alert]) -> dict[int, tuple[str, str]]:
    """By alert, the words and the address of what it is about, where that has a page that this
    member may open."""
    ids = {alert.id: as_object(alert.data).get("transaction_id") for alert in found}
    emails = select(Transaction.id, Transaction.email).where(
        Transaction.id.in_([id_ for id_ in ids.values() if id_])
    )
    whose = {row.id: row.email for row in session.execute(emails)}
    linked, routes = {}, current_app.url_map.bind("")
    for alert in found:
        page = object_of(alert.kind, alert.key, as_object(alert.data))
        id_ = ids[alert.id]
        if page is None or not may_open(routes.match(page[1])[0]):
            continue
        if id_ is None:
            linked[alert.id] = page
        elif id_ in whose:
            words = f"{whose[id_] or 'no address'}, {reference(str(id_))}"
            linked[alert.id] = (words, page[1])
    return linked


@blueprint.post("/staff/alerts/<int:alert_id>/acknowledgements")
@staff("acknowledge_alert")
def acknowledge_alert(alert_id: int) -> BaseResponse:
    """Close it in this member's name; one that is closed already stays as it is."""
    if alert_id > MAX_ID:
        raise NotFound
    acknowledge(alert_id, signed_in().id)
    return redirect(url_for("ops.alerts"), 303)
