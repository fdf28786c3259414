"""Every kind of alert that the code can raise has its row in one table, and in the runbook."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

import payments_app
from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.ops import last_resort
from payments_app.ops.alert_kinds import KINDS, PAYMENT, object_of
from tests.accounts.staff_driver import StaffDriver

CODE = Path(payments_app.__file__).parent
RUNBOOK = CODE.parent / "docs" / "operations.md"
OF_THE_WATCH = {"late", "redis", "stripe_slow", "differs"}  # the first word of a trouble's key
OF_THE_SWEEPER = {last_resort.KIND}  # told without a database
CLOSED_BY = {"unknown_command": "unknown", "merchant_refused": "refusal_key"}  # who makes its key
# Whose keys close with the need of a payment, and what the sweeper holds in its file.
CLOSE_ELSEWHERE = {"truth.py", "last_resort.py", "close_alerts.py"}


def _constants(tree: ast.Module) -> dict[str, str]:
    """Each text that a module names: `A = "a"`, or `A, B = "a", "b"`."""
    found: dict[str, str] = {}
    for node in (each for each in tree.body if isinstance(each, ast.Assign)):
        names = ast.unparse(node.targets[0]).strip("()").split(", ")
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for name, value in zip(names, values, strict=False):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[name] = value.value
    return found


def _everywhere() -> dict[str, str]:
    """Each constant's text by its name, for those that are imported."""
    trees = [ast.parse(path.read_text()) for path in CODE.rglob("*.py")]
    return {name: text for tree in trees for name, text in _constants(tree).items()}


def _raised() -> Iterator[tuple[str, str]]:
    """The kind that each call raises, and where."""
    yield from ((kind, where) for kind, where, _ in _calls())


def _calls() -> Iterator[tuple[str, str, set[str]]]:
    """The same with the names of what is told beside the message."""
    known = _everywhere()
    for path in sorted(CODE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and "raise_alert" in ast.unparse(node.func):
                kind, where = node.args[1], f"{path.name}:{node.lineno}"
                beside = {keyword.arg or "" for keyword in node.keywords}
                if isinstance(kind, ast.Constant):
                    yield str(kind.value), where, beside
                elif isinstance(kind, ast.Name):
                    yield _constants(tree).get(kind.id, known.get(kind.id, "")), where, beside
                else:
                    assert path.name == "watch.py", f"{where} raises a kind that can't be read"


def test_every_kind_that_the_code_raises_is_in_the_table() -> None:
    assert [where for kind, where in _raised() if kind not in KINDS] == []


def test_the_table_holds_no_kind_that_nothing_raises() -> None:
    elsewhere = OF_THE_WATCH | OF_THE_SWEEPER
    assert set(KINDS) - {kind for kind, _ in _raised()} - elsewhere == set()


def test_what_is_about_a_payment_names_it() -> None:
    about = {kind for kind in KINDS if KINDS[kind].about == PAYMENT}
    named = ((kind, where) for kind, where, beside in _calls() if "transaction_id" not in beside)
    assert [where for kind, where in named if kind in about] == []


def _closing() -> set[str]:
    """The words in the modules that close alerts: kinds, and what keys begin with."""
    found: set[str] = set()
    for path in sorted(CODE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if any("alerts.acknowledge" in call for call in calls) or path.name in CLOSE_ELSEWHERE:
            texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
            found |= {text.partition(":")[0] for text in texts if isinstance(text, str)}
            named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            found |= {text for name, text in _everywhere().items() if name in named}
            found |= named
    return found


def test_each_kind_closes_or_says_why_it_stays() -> None:
    neither = [name for name, kind in KINDS.items() if bool(kind.closes) == bool(kind.stays)]
    assert neither == []


def test_what_is_said_to_close_is_closed_somewhere() -> None:
    closing = _closing()
    said = {name for name, kind in KINDS.items() if kind.closes}
    assert {name for name in said if CLOSED_BY.get(name, name) not in closing} == set()


def test_the_page_of_alerts_says_of_each_kind_how_it_ends(app: Flask) -> None:
    kinds = {kind for kind, _ in _raised()} | OF_THE_WATCH
    with app.app_context():
        for kind in sorted(kinds):
            _raise(kind)
        _raise("of_an_older_release")
    browser, page, address = StaffDriver(app).signed_in("admin"), "", "/staff/alerts"
    while address:
        shown = html.unescape(browser.get(address).text)
        page += shown
        more = re.search(r'rel="next"\s+href="([^"]+)"', shown)
        address = more[1] if more else ""
    assert [kind for kind in sorted(kinds) if KINDS[kind].end not in page] == []
    assert "It stays until somebody acknowledges it: this release does not know its kind." in page


@atomic
def _raise(session: Session, kind: str) -> None:
    alerts.raise_alert(session, kind, f"{kind}:12", "Look")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_runbook_has_its_row(kind: str) -> None:
    assert KINDS[kind].row(kind) in RUNBOOK.read_text().splitlines()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_its_object_has_a_page(app: Flask, kind: str) -> None:
    data = {"transaction_id": "txn_1"} if KINDS[kind].about == PAYMENT else {}
    with app.app_context():
        found = object_of(kind, f"{kind}:12", data)
    assert found is not None
    app.url_map.bind("").match(found[1])


def test_the_runbook_has_no_other_row() -> None:
    rows = [line.split("`")[1] for line in RUNBOOK.read_text().splitlines() if line[:3] == "| `"]
    assert {row for row in rows if row.isidentifier()} - set(KINDS) == set()


def test_what_to_do_is_read_without_the_runbook_s_marks() -> None:
    words = KINDS["card_testing"].plain_step
    assert words.endswith('restart the web processes; see the page "security" of the docs.')
