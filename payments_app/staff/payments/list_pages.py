"""The overview, and the payments list with its filters and the search box."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request

from payments_app.accounts.gate import may_open, signed_in
from payments_app.core.card_numbers import REFUSAL
from payments_app.core.extensions import db
from payments_app.core.money import CURRENCIES, code_of
from payments_app.core.web import exports
from payments_app.core.web.access import staff
from payments_app.core.web.http import wants_json
from payments_app.core.web.query import UnreadableQueryError, asked, place_in_list, takes
from payments_app.gateway.declines import DECLINES
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.staff.blueprint import blueprint, page, today
from payments_app.staff.payments.details import payments
from payments_app.staff.payments.filters import PRESETS, STATUSES, Filters
from payments_app.staff.payments.overview import chart_of, overview
from payments_app.staff.payments.paging import Page, read_page
from payments_app.staff.payments.read_filters import UnreadableFiltersError, read_filters
from payments_app.staff.payments.saved_filters import saved_filters
from payments_app.staff.payments.search import search
from payments_app.staff.payments.work import work_list
from payments_app.staff.zones import reader_zone

_FEW = 8
_NO_PAGE = "This names no page of a search."


@blueprint.get("", strict_slashes=False)
@staff("view")
def home() -> Response:
    """Today's figures, and the newest failures."""
    session, zone = db.session(), reader_zone()
    newest = read_page(session, [Transaction.state == State.FAILED], size=_FEW)
    figures = overview(session, today(), zone)
    return page(
        "payments/overview.html",
        figures=figures,
        chart=chart_of(figures),
        failures=payments(session, newest.keys, zone, newest.customers),
        work=work_list(session, zone),
        today=today(),
        zone=zone.key,
    )


@blueprint.get("/payments")
@staff("view")
@takes(others=True)
def payment_list() -> Response:
    """Payments by filters, newest first; or what the search box found."""
    typed = asked("q")
    try:
        filters = read_filters(
            request.args, reader_zone(), today(), beside=("q", "way", "before", "after")
        )
        return _search_page(typed, filters) if typed else list_page(filters)
    except UnreadableFiltersError as error:
        return unreadable(error)


def _search_page(typed: str, filters: Filters) -> Response:
    if filters.given:
        filters.problems["q"] = "Search, or filter: not both at once."
        raise UnreadableFiltersError(filters)
    before = asked("before")
    if asked("after") or bool(asked("way")) != bool(before):
        given = filter(asked, ("before", "after", "way"))
        filters.problems.update(dict.fromkeys(given, _NO_PAGE))
        raise UnreadableFiltersError(filters)
    try:
        way = place_in_list("way")
        with exports.long_page(exports.STAFF, signed_in().id):
            found = search(db.session(), typed, reader_zone(), today(), way, before)
    except UnreadableQueryError as error:
        if "q" not in error.fields:
            filters.problems.update(error.fields)
            raise UnreadableFiltersError(filters) from error
        if wants_json():
            raise
        problem = error.fields["q"]
        shown = "" if problem == REFUSAL else typed
        return page(
            "payments/search.html",
            error.status,
            searched=shown,
            q_problem=problem,
            found=None,
            before=before,
        )
    places = [place for place in found.places if may_open(place.endpoint)]
    found = replace(found, places=places)
    return page("payments/search.html", searched=typed, found=found, before=before)


def unreadable(error: UnreadableFiltersError) -> Response:
    """The list's page with each problem beside its field, and no payments: who asked for some must
    not take all of them for those. Whoever wants JSON gets the problem alone."""
    if wants_json():
        raise error
    return _page_of(error.filters, Page([], {}), error.status)


def list_page(filters: Filters, status: int = 200, **values: str) -> Response:
    """The payments list by these filters. Raises UnreadableFiltersError for a broken cursor."""
    try:
        with exports.long_page(exports.STAFF, signed_in().id):
            found = read_page(
                db.session(),
                filters.conditions,
                sort_key=filters.sort_key,
                before=asked("before"),
                after=asked("after"),
            )
    except UnreadableQueryError as error:
        filters.problems.update(error.fields)
        raise UnreadableFiltersError(filters) from error
    return _page_of(filters, found, status, **values)


def _page_of(
    filters: Filters,
    found: Page,
    status: int,
    save_name: str = "",
    save_problem: str | None = None,
) -> Response:
    session, zone = db.session(), reader_zone()
    rows = payments(session, found.keys, zone, found.customers)
    # What was paid at Stripe may be in a currency that the shop never asks for.
    named = [filters.given.get("currency"), *(row.currency for row in rows)]
    seen = {code for code in map(code_of, named) if code}
    return page(
        "payments/payments.html",
        status,
        filters=filters,
        found=found,
        rows=rows,
        statuses={name: label for name, (label, _) in STATUSES.items()},
        currencies=sorted(CURRENCIES | seen),
        presets=PRESETS,
        saved=saved_filters(session, signed_in().id),
        reasons=sorted(DECLINES),
        from_day=filters.day("from", today()),
        to_day=filters.day("to", today()),
        save_name=save_name,
        save_problem=save_problem,
    )
