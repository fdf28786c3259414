"""Keeping and forgetting a filter of the payments list."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.web.access import staff
from payments_app.core.web.page_before import posted_from
from payments_app.staff.blueprint import blueprint, today
from payments_app.staff.payments import saved_filters
from payments_app.staff.payments.list_pages import list_page, unreadable
from payments_app.staff.payments.read_filters import UnreadableFiltersError, read_filters
from payments_app.staff.zones import reader_zone

MAX_ID = 2**63 - 1


@blueprint.post("/filters")
@posted_from(lambda: url_for("staff.payment_list"))
@staff("view")
def save_filter() -> BaseResponse:
    """Keep the filters that the form repeats under the name that was typed."""
    try:
        filters = read_filters(request.form, reader_zone(), today(), beside=("csrf_token", "name"))
    except UnreadableFiltersError as error:
        return unreadable(error)
    name = request.form.get("name", "")
    try:
        saved_filters.save_filter(signed_in().id, name, filters.given)
    except ValueError as error:
        return list_page(filters, 422, save_problem=str(error), save_name=name)
    return redirect(f"{url_for('staff.payment_list')}?{urlencode(filters.given)}", 303)


@blueprint.post("/filters/<int:filter_id>/removal")
@posted_from(lambda: url_for("staff.payment_list"))
@staff("view")
def remove_filter(filter_id: int) -> BaseResponse:
    """Forget it; one that is gone, or another's, changes nothing."""
    if filter_id > MAX_ID:
        raise NotFound
    saved_filters.remove_filter(signed_in().id, filter_id)
    return redirect(url_for("staff.payment_list"), 303)
