"""What is the same for every application of a test run, made once: each test has its own one.

An engine keeps its connections and the statements that it compiled; of a route its parts are kept,
and the code that builds its address.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Engine
from werkzeug.routing import Rule

_engines: dict[str, Engine] = {}
_routes: dict[tuple[object, ...], dict[str, Any]] = {}
_BUILDERS = ("_build", "_build_unknown")
_make_engine = SQLAlchemy._make_engine
_compile = Rule.compile


def keep(patch: pytest.MonkeyPatch) -> None:
    """Keep engines of PostgreSQL and what routes are compiled to, for the applications to come."""
    patch.setattr(SQLAlchemy, "_make_engine", _kept_engine)
    patch.setattr(Rule, "compile", _kept_route)


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
        # All pages and jobs have their statements in one process: what is compiled stays.
        _engines[key] = _make_engine(self, bind_key, options | {"query_cache_size": 10_000}, app)
    return _engines[key]


def _kept_route(self: Rule) -> None:
    """Nothing changes it afterwards. Its two builders are methods of the rule at hand."""
    key = (self.rule, self.subdomain, self.host, self.merge_slashes)
    if self.defaults or key not in _routes:
        _compile(self)
    if self.defaults:
        return
    if key not in _routes:
        _routes[key] = {
            "_parts": self._parts,
            "_trace": self._trace,
            "_converters": self._converters,
            "arguments": self.arguments,
            **{name: getattr(self, name).__func__ for name in _BUILDERS},
        }
        return
    vars(self).update(_routes[key])
    for name in _BUILDERS:
        setattr(self, name, getattr(self, name).__get__(self, None))
