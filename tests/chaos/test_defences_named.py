"""What takes a defence away still takes something away. `make defences` plays each; here it is only
seen, in no time, that what a removal replaces is there, and that the product asks it by that name.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from parts.app import REPOSITORY
from payments_app.core.extensions import Base
from tests.chaos.defences import DEFENCES, Defence, checkout
from tests.chaos.defences.defence import Patch

SOURCES = sorted((REPOSITORY / "payments_app").rglob("*.py"))


@dataclass
class Recorder:
    """A monkeypatch that notes what it is told to replace, and replaces nothing."""

    names: list[tuple[Any, str]] = field(default_factory=list)
    items: list[tuple[Any, Any]] = field(default_factory=list)

    def setattr(self, target: Any, name: str, value: Any) -> None:
        assert getattr(target, name) is not value
        self.names.append((target, name))

    def setitem(self, mapping: Any, key: Any, value: Any) -> None:
        assert mapping[key] != value
        self.items.append((mapping, key))


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The one removal that also changes the database leaves that alone."""
    monkeypatch.setattr(checkout, "_drop_live_index", lambda: None)
    return Recorder()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)


@cache
def read(source: str) -> tuple[ast.Module, list[ast.Name | ast.Attribute]]:
    """A file's tree, and the names that it asks for."""
    tree = ast.parse(source)
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute))
    return tree, [node for node in nodes if isinstance(node.ctx, ast.Load)]


def known_as(tree: ast.Module, module: str) -> set[str]:
    """The names by which a file knows this module."""
    package, _, name = module.rpartition(".")
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == package
        for alias in node.names
        if alias.name == name
    }


def asked(target: Any, name: str) -> Iterator[str]:
    """Where the product asks for this name of a module, so that another one in its place is met:
    in the module itself, or through it; of a class, wherever its attribute is asked for."""
    for path in SOURCES:
        if name not in (source := path.read_text()):
            continue
        tree, loads = read(source)
        through = known_as(tree, target.__name__) if isinstance(target, ModuleType) else None
        for node in loads:
            if isinstance(node, ast.Name):
                own = isinstance(target, ModuleType) and module_of(path) == target.__name__
                found = own and node.id == name
            else:
                of = node.value.id if isinstance(node.value, ast.Name) else ""
                found = node.attr == name and (through is None or of in through)
            if found:
                yield f"{path}:{node.lineno}"


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.name)
def test_what_is_taken_away_is_there_and_asked_for(recorder: Recorder, defence: Defence) -> None:
    defence.remove(cast("Patch", recorder))
    assert recorder.names or recorder.items
    for target, name in recorder.names:
        assert next(asked(target, name), None), f"nothing asks {target} for {name}"


def test_the_index_that_is_dropped_is_a_table_s() -> None:
    importlib.import_module("payments_app.models")
    known = {index.name for table in Base.metadata.tables.values() for index in table.indexes}
    assert "pay_payment_records_one_active_key" in known
