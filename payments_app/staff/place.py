"""place: where in a list somebody is, kept in the addresses of the pages about one of its rows, so
that they come back to it (same filters, page and row) whatever they did there."""

from __future__ import annotations

import re
from typing import Any

from flask import has_request_context, request, url_for

from payments_app.core.web.link_requests import our_path
from payments_app.core.web.links import on_site, without_prefix
from payments_app.core.web.query import BACK, PARTS
from payments_app.staff.blueprint import blueprint

_LISTS = {"staff.payment_list", "staff.disputes", "staff.findings", "staff.audit", "staff.customer"}
_ROWS = ("transaction_id", "dispute_id", "customer_id")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_ANY = "ROW-OF-A-LIST"  # stands in an address where the id of a row does


@blueprint.app_template_global()
def back(instead: str = "") -> str:
    """The list, or the page of a customer, from which somebody came; `instead` where that is not
    known."""
    said = our_path(request.args.get(BACK, ""), "")
    return said if without_prefix(said).startswith("/staff") else instead


@blueprint.app_template_global()
def here(row: str) -> str:
    """The address of this list, at the row of this id."""
    query = request.query_string.decode()
    return f"{on_site(request.path)}{'?' if query else ''}{query}#{row}"


@blueprint.url_defaults
def _keep(endpoint: str, values: dict[str, Any]) -> None:
    """From a list to a page about one row: the list's address. From there on to what is about the
    same: that again, and which parts of its lists are shown."""
    if not has_request_context() or BACK in values or not request.endpoint:
        return
    mine = request.view_args or {}
    if mine and all(values.get(name) == value for name, value in mine.items()):
        turns_page = endpoint == request.endpoint and request.method == "GET"
        names = (BACK,) if turns_page else (BACK, *PARTS)
        for name in names:
            if name in request.args:
                values.setdefault(name, back() if name == BACK else request.args[name])
    elif request.endpoint in _LISTS and request.method == "GET":
        row = next((values[name] for name in _ROWS if name in values), None)
        if row is not None:
            values[BACK] = here(str(row))


@blueprint.app_template_global()
def row_url(endpoint: str, name: str, row: str) -> str:
    """`url_for(endpoint, name=row)` for each row of a list, worked out once for them all. An id is
    letters, digits and what an address takes as it is."""
    values: dict[str, Any] = {name: row}
    if request.view_args or not _PLAIN.fullmatch(row):
        return url_for(endpoint, **values)
    known = vars(request).setdefault("row_urls", {})
    if endpoint not in known:
        before, _, back_to = url_for(endpoint, **values | {name: _ANY}).partition(_ANY)
        known[endpoint] = before, back_to.removesuffix(_ANY), back_to.endswith(_ANY)
    before, back_to, to_row = known[endpoint]
    return f"{before}{row}{back_to}{row if to_row else ''}"


def way_back(endpoint: str, row: str = "", **values: Any) -> str:
    """After something was done: where they came from, else this page."""
    return back(url_for(endpoint, **values) + (f"#{row}" if row else ""))
