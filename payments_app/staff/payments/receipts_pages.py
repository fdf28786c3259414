"""Receipts of all payments that a filter selects, sent once more: those that were shown, and no
others."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.core.db.ids import looks_like_id
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.http import ProblemError
from payments_app.core.web.query import asked, takes
from payments_app.notices.receipts import NoReceiptError, resend_receipt
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.staff.blueprint import blueprint, page, today
from payments_app.staff.payments.details import payments
from payments_app.staff.payments.list_pages import unreadable
from payments_app.staff.payments.paging import read_page
from payments_app.staff.payments.read_filters import UnreadableFiltersError, read_filters
from payments_app.staff.zones import reader_zone

MOST = 100  # at once: each is a mail
_RESULTS = ("sent", "under_way", "none")


@blueprint.get("/receipts")
@staff("resend_receipt")
@takes(*_RESULTS, "before", others=True)
def confirm_receipts() -> Response | BaseResponse:
    """To whom receipts would go again, by the list's filters: the newest MOST."""
    zone = reader_zone()
    try:
        filters = read_filters(request.args, zone, today(), beside=(*_RESULTS, "before"))
    except UnreadableFiltersError as error:
        return unreadable(error)
    if confirm := ask_to_confirm():
        return confirm
    paid = (Transaction.state == State.COMPLETE, Transaction.email != "")
    session = db.session()
    found = read_page(
        session,
        [*filters.conditions, *paid],
        sort_key=filters.sort_key,
        before=asked("before"),
        size=MOST,
    )
    return page(
        "payments/receipts.html",
        filters=filters,
        rows=payments(session, found.keys, zone, found.customers),
        older=found.older,
        results={name: request.args[name] for name in _RESULTS if name in request.args},
    )


@blueprint.post("/receipts")
@staff("resend_receipt")
def send_receipts() -> BaseResponse:
    """Ask for each; a job sends it. Each has its own entry in the history."""
    if confirm := ask_to_confirm():
        return confirm
    ids = request.form.get("ids", "").split(",")
    if len(ids) > MOST or not all(looks_like_id(id_, "txn") for id_ in ids):
        raise ProblemError(422, "invalid", "Open the page again: this form can't be read.")
    counts = dict.fromkeys(_RESULTS, 0)
    for id_ in ids:
        try:
            again = resend_receipt(id_, signed_in().id)
        except NoReceiptError:
            counts["none"] += 1
        else:
            counts["sent" if again else "under_way"] += 1
    given: dict[str, Any] = {k: v for k, v in request.args.items() if k not in _RESULTS}
    return redirect(url_for("staff.confirm_receipts", **(given | counts)), 303)
