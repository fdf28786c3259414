"""No page of staff offers what its reader may not do."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed

from payments_app.accounts.permissions import ROLE_NAMES, allows
from payments_app.core.web.access import access_of
from tests.accounts.staff_driver import StaffDriver
from tests.browser.dashboard import Dashboard
from tests.route_walk import routes

_LEADS_TO = re.compile(r'(href|action|formaction)="(/staff[^"]*)"')
# A cell that a phone labels, and that holds nothing: only an empty one is left out there.
_LABEL_OF_NOTHING = re.compile(r'<td data-label="([^"]*)"[^>]*>\s+</td>')
_OWN = {"staff.dispute_file"}  # no page


def _permission(app: Flask, kind: str, path: str) -> str:
    """That the route takes to which a link or a form leads."""
    adapter, way = app.url_map.bind("localhost"), "GET" if kind == "href" else "POST"
    try:
        endpoint, _ = adapter.match(path, method=way)
    except MethodNotAllowed:  # a form of filters
        endpoint, _ = adapter.match(path, method="GET")
    access = access_of(app, endpoint)
    return (access.permission if access else None) or ""


@pytest.mark.expects_failure("reports.aggregate")
@pytest.mark.parametrize("role", ROLE_NAMES)
def test_no_page_leads_to_what_this_role_may_not_do(
    app: Flask, staff_driver: StaffDriver, role: str
) -> None:
    dashboard = Dashboard(app)
    browser = staff_driver.signed_in(role, f"{role}.reader@example.com")
    opened, offered, empty = 0, set(), set()
    for rule in routes(app, "staff", "GET"):
        if rule.endpoint in _OWN:
            continue
        path = dashboard.address(rule.endpoint)
        answer = browser.get(path)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        opened += 1
        empty |= {(rule.endpoint, label) for label in _LABEL_OF_NOTHING.findall(answer.text)}
        for kind, target in _LEADS_TO.findall(answer.text):
            permission = _permission(app, kind, urlsplit(urljoin(path, target)).path)
            if permission and not allows(role, permission):
                offered.add((rule.endpoint, target, permission))
    assert opened > 15
    assert (offered, empty) == (set(), set())
