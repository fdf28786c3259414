"""The staff's page of queues, and what can be done about a dead letter."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.ago import duration, short
from payments_app.core.extensions import db
from payments_app.core.jobs.job_times import job_figures
from payments_app.core.jobs.pauses import paused_queues
from payments_app.core.jobs.scheduler import schedule
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.part import scalars_of
from payments_app.core.web.query import takes
from payments_app.ops import bulk, dead_letters, measures
from payments_app.ops.blueprint import blueprint
from payments_app.ops.dead_letters import NotDeadError
from payments_app.ops.diagnosis import meaning_of
from payments_app.ops.last_runs import last_runs
from payments_app.ops.watch import look

MAX_ID = 2**63 - 1


@blueprint.get("/staff/queues")
@staff("technical")
@takes("dead")
def queues() -> Response:
    """What is wrong, in words; then the figures."""
    session = db.session()
    page = render_template(
        "ops/queues.html",
        duration=duration,
        short=short,
        troubles=look(),
        loads=measures.loads(session),
        job_counters=measures.job_counters(session),
        dead=scalars_of(session, dead_letters.dead(), "dead", dead_letters.PAGE),
        times=job_figures(session),
        schedule=last_runs(session, schedule()),
        dead_kinds=bulk.dead_kinds(session),
        paused=paused_queues(session),
        pausable=_pausable(),
        may_decide=signed_in().may("dead_letters"),
    )
    return private(make_response(page))


def _pausable() -> list[str]:
    """The queues that this member may pause."""
    return list(current_app.extensions["queue_threads"]) if signed_in().may("pause_queue") else []


@blueprint.get("/staff/queues/dead/<int:message_id>")
@staff("technical")
def dead_letter(message_id: int) -> Response:
    """One dead message: what it was to do, and how it ended."""
    return _show(message_id)


@blueprint.post("/staff/queues/dead/<int:message_id>/retries")
@staff("dead_letters")
def retry_dead_letter(message_id: int) -> Response | BaseResponse:
    """Make it due again."""
    return _decide(dead_letters.retry, message_id)


@blueprint.post("/staff/queues/dead/<int:message_id>/discards")
@staff("dead_letters")
def discard_dead_letter(message_id: int) -> Response | BaseResponse:
    """Give it up."""
    return _decide(dead_letters.discard, message_id)


def _decide(function: Callable[[int, str, str], None], message_id: int) -> Response | BaseResponse:
    try:
        function(_checked(message_id), request.form.get("reason", ""), signed_in().id)
    except NotDeadError:
        # Somebody else was faster, or this form was sent twice: the page shows what is left.
        return redirect(url_for("ops.queues"), 303)
    except ValueError as error:
        return _show(message_id, str(error), 422)
    return redirect(url_for("ops.queues"), 303)


def _show(message_id: int, problem: str | None = None, status: int = 200) -> Response:
    try:
        message = dead_letters.find_dead(db.session(), _checked(message_id))
    except NotDeadError as error:
        raise NotFound from error
    page = render_template(
        "ops/dead_letter.html",
        message=message,
        meaning=meaning_of(message.command, message.last_error),
        problem=problem,
        may_decide=signed_in().may("dead_letters"),
    )
    return private(make_response(page, status))


def _checked(message_id: int) -> int:
    if message_id > MAX_ID:
        raise NotFound
    return message_id
