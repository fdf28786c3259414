"""What of templates was put on a page: what stands between tags, each side of a condition."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import Environment, nodes

from tests import whole_templates


class ShownParts:
    """Marks the parts of each template that an environment reads from now on, to the end of a
    test; `made` are the marks by template, `shown` those that were rendered."""

    def __init__(self, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: dict[str, set[str]] = {}
        self.shown: set[str] = set()
        self._parse: Any = environment._parse
        monkeypatch.setattr(environment, "_parse", self._marked)
        monkeypatch.setattr(environment, "cache", None)
        monkeypatch.setattr(environment, "bytecode_cache", None)
        monkeypatch.setitem(environment.globals, "_shown", self._show)
        monkeypatch.setattr(whole_templates, "_named", {})

    def _show(self, mark: str, value: object = "") -> object:
        self.shown.add(mark)
        return value

    def _marked(self, source: str, name: str, filename: str) -> nodes.Template:
        tree: nodes.Template = self._parse(source, name, filename)
        for one in list(tree.find_all(nodes.CondExpr)):
            one.expr1 = self._mark(name, one, "if", one.expr1)
            if one.expr2 is not None:
                one.expr2 = self._mark(name, one, "else", one.expr2)
        for put in list(tree.find_all(nodes.Output)):
            put.nodes.append(self._mark(name, put, "put"))
        return tree

    def _mark(self, name: str, node: nodes.Node, side: str, *value: nodes.Expr) -> nodes.Call:
        made = self.made.setdefault(name, set())
        mark = f"{name}:{node.lineno} {side}"
        made.add(mark)
        shown = nodes.Name("_shown", "load", lineno=node.lineno)
        arguments = [nodes.Const(mark, lineno=node.lineno), *value]
        return nodes.Call(shown, arguments, [], None, None, lineno=node.lineno)
