"""The dashboard's blueprint, and what each of its pages needs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.db.clock import utcnow
from payments_app.core.web.headers import private
from payments_app.staff.zones import When, reader_zone, when

blueprint = Blueprint("staff", __name__, url_prefix="/staff")


@blueprint.app_context_processor
def search_field() -> dict[str, Any]:
    """The search field that every page has: empty, unless a page says what was searched for."""
    return {"searched": "", "q_problem": None}


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page of the dashboard: nobody's cache keeps it."""
    return private(make_response(render_template(f"staff/{template}", **values), status))


@blueprint.app_template_filter("when_shown")
def when_shown(moment: dt.datetime | None) -> When | None:
    """A moment for a page of another package, as this one's own show it."""
    return when(moment, reader_zone())


def today() -> dt.date:
    """The reader's own day."""
    return utcnow().astimezone(reader_zone()).date()


def back_to_payment(transaction_id: str) -> BaseResponse:
    """To the payment's page, whose first lines say what is so now."""
    return redirect(url_for("staff.payment", transaction_id=transaction_id), 303)


def back_to_timeline(transaction_id: str) -> BaseResponse:
    """To the payment's page, where its timeline says what was asked for."""
    return redirect(url_for("staff.payment", transaction_id=transaction_id) + "#timeline", 303)
