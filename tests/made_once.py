"""What is the same for every application of a test run, made once: each test has its own one.

An engine keeps its connections and the statements that it compiled; a rule keeps the code that
builds its address.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Engine
from werkzeug.routing import Rule

_engines: dict[str, Engine] = {}
_builders: dict[tuple[object, ...], Any] = {}
_make_engine = SQLAlchemy._make_engine
_compile_builder = Rule._compile_builder


def keep(patch: pytest.MonkeyPatch) -> None:
    """Keep engines of PostgreSQL and the code of routes for the applications to come."""
    patch.setattr(SQLAlchemy, "_make_engine", _kept_engine)
    patch.setattr(Rule, "_compile_builder", _kept_builder)


def let_go(engine: Engine) -> None:
    """An application has ended. A connection that it has not given back stays no longer, nor does
    any on a file, which the next test lays down anew."""
    if engine.dialect.name == "sqlite" or engine.pool.checkedout():  # type: ignore[attr-defined]
        engine.dispose()


def _kept_engine(
    self: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Flask
) -> Engine:
    key = repr(sorted((name, str(value)) for name, value in options.items()))
    if key not in _engines or _engines[key].dialect.name == "sqlite":
        _engines[key] = _make_engine(self, bind_key, options, app)
    return _engines[key]


def _kept_builder(self: Rule, append_unknown: bool = True) -> Any:
    key = (append_unknown, repr(self._trace), repr(self.defaults))
    if self.defaults or key not in _builders:
        _builders[key] = _compile_builder(self, append_unknown)
    return _builders[key]
