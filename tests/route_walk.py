"""Walks over the application's own list of routes, so that one added tomorrow is tried too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from payments_app.core.web.access import access_of
from tests.accounts.staff_driver import HTML, Browser

_TEMPLATES = Path(__file__).parents[1] / "templates"


def routes(app: Flask, audience: str, method: str) -> Iterator[Rule]:
    """Of this audience alone."""
    for rule in app.url_map.iter_rules():
        access = access_of(app, rule.endpoint)
        if access and access.audience == audience and method in (rule.methods or ()):
            yield rule


def lists_that_ignore(
    app: Flask, audience: str, browser: Browser, forms: set[str]
) -> list[tuple[str, int]]:
    """Pages without an id that answer a parameter they don't know with anything but 422."""
    ignored = []
    for rule in routes(app, audience, "GET"):
        if rule.endpoint not in forms and not rule.arguments:
            answer = browser.get(f"{rule.rule}?no_such=1")
            if answer.status_code != 422:
                ignored.append((rule.endpoint, answer.status_code))
    return ignored


def pages(app: Flask, values: dict[str, list[Any]], but: set[str]) -> Iterator[tuple[str, str]]:
    """Endpoint and path of every page that can be opened, for each thing that it can be about.
    `but` names arguments of pages that are left out."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments & but:
            continue
        assert len(rule.arguments) <= 1, rule.rule
        for name in rule.arguments or {""}:
            for value in values[name] if name else [None]:
                yield rule.endpoint, adapter.build(rule.endpoint, {name: value} if name else {})


def broken_pages(
    app: Flask, browser: Any, values: dict[str, list[Any]], but: set[str]
) -> tuple[list[str], int]:
    """Pages that answer 5xx to a person or a program, and how many answered 200."""
    broken, opened = [], 0
    for endpoint, path in pages(app, values, but):
        for accept in (HTML, {"Accept": "application/json"}):
            answer: TestResponse = browser.get(path, headers=accept)
            opened += answer.status_code == 200
            if answer.status_code >= 500 and endpoint != "ops.readyz":
                broken.append(f"{path} {answer.status_code}")
    return broken, opened


def form_fields() -> list[str]:
    """The names of every field that a form of ours has."""
    names = {
        name
        for path in _TEMPLATES.rglob("*.html")
        for name in re.findall(r'name="([a-z_0-9]+)"', path.read_text())
    }
    return sorted(names - {"csrf_token", "viewport", "robots", "reviewed", "next"})


def token_of(browser: Browser, page: str) -> str:
    """The CSRF token that a page's form holds."""
    return re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]


def address(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    """A path of this route; an argument that `values` has not is 1 or "none"."""
    with app.test_request_context():
        numbers = {name for name, each in rule._converters.items() if "Integer" in str(each)}
        known = {n: values.get(n, 1 if n in numbers else "none") for n in rule.arguments}
        return app.url_map.bind("localhost").build(rule.endpoint, known)
