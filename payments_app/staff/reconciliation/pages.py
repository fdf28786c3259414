"""Reconciliation: what differs between Stripe, the payments and the ledger, and its safe fixes.

Nothing here calls Stripe: a fix is asked for, with its history entry, and a job makes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.accounts.people import names_of
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.query import place_in_list, takes
from payments_app.reconcile.findings import (
    CLOSED_SHOWN,
    SHOWN,
    closed_findings,
    count_open,
    open_findings,
)
from payments_app.reconcile.fix import request_fix
from payments_app.reconcile.fixes import FixFailedError
from payments_app.reconcile.models import Finding
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.place import way_back
from payments_app.staff.reconciliation.queries import Difference, difference_of
from payments_app.staff.zones import reader_zone

MAX_ID = 2**63 - 1


@blueprint.get("/reconciliation")
@staff("technical")
@takes("skip", "before")
def findings() -> Response:
    """What is open, worst first; below, what was fixed or went away by itself; each page by
    page."""
    session, skipped = db.session(), min(place_in_list("skip") or 0, MAX_ID)
    count = count_open(session)
    closed = closed_findings(session, place_in_list())
    return page(
        "reconciliation/findings.html",
        opened=_shown(open_findings(session, skipped=skipped)),
        count=count,
        skipped=skipped,
        more=skipped + SHOWN if count > skipped + SHOWN else None,
        closed=_shown(closed[:CLOSED_SHOWN]),
        older=closed[CLOSED_SHOWN - 1].id if len(closed) > CLOSED_SHOWN else None,
    )


@blueprint.get("/reconciliation/<int:finding_id>/fixes")
@staff("reconcile")
def confirm_fix(finding_id: int) -> Response:
    """What the fix would do, and the button."""
    return _fix_page(finding_id)


@blueprint.post("/reconciliation/<int:finding_id>/fixes")
@staff("reconcile")
def fix_finding(finding_id: int) -> Response | BaseResponse:
    """Ask for the fix; asking twice asks once."""
    _find(finding_id)
    try:
        request_fix(finding_id, signed_in().id)
    except FixFailedError as error:
        return _fix_page(finding_id, 409, problem=str(error))
    return redirect(way_back("staff.findings", f"finding-{finding_id}"), 303)


def _fix_page(finding_id: int, status: int = 200, problem: str | None = None) -> Response:
    (shown,) = _shown([_find(finding_id)])
    return page("reconciliation/fix.html", status, finding=shown, problem=problem)


def _find(finding_id: int) -> Finding:
    finding = None
    if finding_id <= MAX_ID:
        finding = db.session().get(Finding, finding_id, populate_existing=True)
    if finding is None:
        raise NotFound
    return finding


def _shown(rows: Sequence[Finding]) -> list[Difference]:
    people = {id_ for row in rows for id_ in (row.asked_by, row.resolved_by) if id_}
    names = names_of(db.session(), people)
    return [difference_of(row, names, reader_zone()) for row in rows]
