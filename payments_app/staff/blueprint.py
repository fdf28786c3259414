"""The dashboard's blueprint, and what each of its pages needs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.db.clock import utcnow
from payments_app.core.web.access import access_of
from payments_app.core.web.headers import private
from payments_app.staff.zones import reader_zone

blueprint = Blueprint("staff", __name__, url_prefix="/staff")

# Every package's pages; one that is not there, or not for this member, is left out.
_PAGES = (
    ("Overview", "staff.home"),
    ("Payments", "staff.payment_list"),
    ("Payment links", "staff.payment_links"),
    ("Disputes", "staff.disputes"),
    ("Double payments", "staff.double_payments"),
    ("Merchants", "staff.merchant_list"),
    ("Settlements", "settlement.index"),
    ("Payouts", "staff.payouts"),
    ("Ledger", "ledger.index"),
    ("Reports", "staff.reports"),
    ("Alerts", "ops.alerts"),
    ("Queues", "ops.queues"),
    ("Stripe", "ops.stripe"),
    ("Reconciliation", "staff.findings"),
    ("Audit", "staff.audit"),
    ("Staff", "staff.members"),
    ("API keys", "staff.api_key_list"),
)


@dataclass(frozen=True)
class NavigationItem:
    """A link of the dashboard's navigation."""

    label: str
    url: str
    here: bool


@blueprint.app_template_global()
def staff_navigation() -> list[NavigationItem]:
    """Links to the pages that this member may open, by what each route itself declares."""
    return [
        NavigationItem(label, url_for(endpoint), request.endpoint == endpoint)
        for label, endpoint in _PAGES
        if endpoint in current_app.view_functions and _open_to_member(endpoint)
    ]


@blueprint.app_context_processor
def search_field() -> dict[str, Any]:
    """The search field that every page has: empty, unless a page says what was searched for."""
    return {"searched": "", "q_problem": None}


def _open_to_member(endpoint: str) -> bool:
    access = access_of(current_app, endpoint)
    permission = access.permission if access else None
    return permission is not None and signed_in().may(permission)


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page of the dashboard: nobody's cache keeps it."""
    return private(make_response(render_template(f"staff/{template}", **values), status))


def today() -> dt.date:
    """The reader's own day."""
    return utcnow().astimezone(reader_zone()).date()


def back_to_timeline(transaction_id: str) -> BaseResponse:
    """To the payment's page, where its timeline says what was asked for."""
    return redirect(url_for("staff.payment", transaction_id=transaction_id) + "#timeline", 303)
