"""Every kind of alert that the code can raise has its row in one table, and in the runbook."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import payments_app
from payments_app.ops.alert_kinds import KINDS, PAGES, PAYMENT

CODE = Path(payments_app.__file__).parent
RUNBOOK = CODE.parent / "docs" / "operations.md"
OF_THE_WATCH = {"late", "redis"}  # the first word of a trouble's key


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
    known = _everywhere()
    for path in sorted(CODE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and "raise_alert" in ast.unparse(node.func):
                kind, where = node.args[1], f"{path.name}:{node.lineno}"
                if isinstance(kind, ast.Constant):
                    yield str(kind.value), where
                elif isinstance(kind, ast.Name):
                    yield _constants(tree).get(kind.id, known.get(kind.id, "")), where
                else:
                    assert path.name == "watch.py", f"{where} raises a kind that can't be read"


def test_every_kind_that_the_code_raises_is_in_the_table() -> None:
    assert [where for kind, where in _raised() if kind not in KINDS] == []


def test_the_table_holds_no_kind_that_nothing_raises() -> None:
    assert set(KINDS) - {kind for kind, _ in _raised()} - OF_THE_WATCH == set()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_runbook_has_its_row(kind: str) -> None:
    assert KINDS[kind].row(kind) in RUNBOOK.read_text().splitlines()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_its_object_has_a_page(app: Flask, kind: str) -> None:
    about = KINDS[kind].about
    assert about == PAYMENT or PAGES[about][1] in app.view_functions
