"""Deciding about many at once: a page that shows what it would be about, and the decision."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.pauses import pause, paused_queues, resume
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.query import asked, takes
from payments_app.ops import bulk
from payments_app.ops.blueprint import blueprint

_PAUSES = {
    "charges": "No card is charged meanwhile. A payment that waits for over 15 minutes is not "
    "charged any more: its buyer has left.",
    "payment_critical": "Refunds, the books and Stripe's events wait meanwhile.",
}
_DECISIONS = {"retry": bulk.retry_all, "discard": bulk.discard_all}


@blueprint.get("/staff/queues/dead")
@staff("dead_letters")
@takes("command", "done", "left")
def dead_letters_of() -> Response:
    """The dead letters of one job, and what can be done about all of them."""
    return _dead_page()


@blueprint.post("/staff/queues/dead/decisions")
@staff("dead_letters")
def decide_dead_letters() -> Response | BaseResponse:
    """Retry or discard those that were shown."""
    decide = _DECISIONS.get(request.form.get("decision", ""))
    command = request.form.get("command", "")
    try:
        if decide is None:
            raise ValueError("Choose to retry or to discard them.")
        ids = bulk.read_ids(request.form.get("ids", ""))
        outcome = decide(ids, request.form.get("reason", ""), signed_in().id)
    except ValueError as error:
        return _dead_page(command, str(error), 422)
    told: dict[str, Any] = {"command": command, "done": outcome.done, "left": outcome.left}
    return redirect(url_for("ops.dead_letters_of", **told), 303)


@blueprint.get("/staff/alerts/kind")
@staff("acknowledge_alert")
@takes("kind")
def alerts_of_kind() -> Response:
    """The open alerts of one kind, and what can be done about all of them."""
    session, kind = db.session(), asked("kind")
    selected = bulk.alerts_of(session, kind)
    shown = session.scalars(
        select(Alert).where(Alert.id.in_(selected.ids)).order_by(Alert.id)
    ).all()
    page = render_template("ops/alerts_of_kind.html", kind=kind, selected=selected, alerts=shown)
    return private(make_response(page))


@blueprint.post("/staff/alerts/acknowledgements")
@staff("acknowledge_alert")
def acknowledge_alerts() -> BaseResponse:
    """Acknowledge those that were shown."""
    try:
        ids = bulk.read_ids(request.form.get("ids", ""))
    except ValueError:
        return redirect(url_for("ops.alerts"), 303)
    bulk.acknowledge_all(ids, signed_in().id)
    return redirect(url_for("ops.alerts"), 303)


@blueprint.get("/staff/queues/named/<queue>")
@staff("pause_queue")
def confirm_pause(queue: str) -> Response:
    """What a pause of this queue does; or that it is paused, by whom and why."""
    return _pause_page(queue)


@blueprint.post("/staff/queues/named/<queue>/pauses")
@staff("pause_queue")
def pause_queue(queue: str) -> Response | BaseResponse:
    """Claim nothing from it."""
    _check(queue)
    try:
        pause(queue, request.form.get("reason", ""), signed_in().id)
    except ValueError as error:
        return _pause_page(queue, str(error), 422)
    return redirect(url_for("ops.queues"), 303)


@blueprint.post("/staff/queues/named/<queue>/resumptions")
@staff("pause_queue")
def resume_queue(queue: str) -> BaseResponse:
    """Go on."""
    _check(queue)
    resume(queue, signed_in().id)
    return redirect(url_for("ops.queues"), 303)


def _dead_page(
    command: str | None = None, problem: str | None = None, status: int = 200
) -> Response:
    session, command = db.session(), asked("command") if command is None else command
    selected = bulk.dead_of(session, command)
    shown = session.scalars(
        select(Message).where(Message.id.in_(selected.ids)).order_by(Message.id)
    ).all()
    page = render_template(
        "ops/dead_of.html",
        command=command,
        selected=selected,
        messages=shown,
        done=asked("done") if status == 200 else "",
        left=asked("left") if status == 200 else "",
        problem=problem,
    )
    return private(make_response(page, status))


def _pause_page(queue: str, problem: str | None = None, status: int = 200) -> Response:
    _check(queue)
    paused = {row.queue: row for row in paused_queues(db.session())}
    page = render_template(
        "ops/pause.html",
        queue=queue,
        paused=paused.get(queue),
        means=_PAUSES.get(queue, "Its jobs wait meanwhile."),
        problem=problem,
    )
    return private(make_response(page, status))


def _check(queue: str) -> None:
    if queue not in current_app.extensions["queue_threads"]:
        raise NotFound
