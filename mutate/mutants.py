"""All mutants of a file: deleted calls, swapped comparisons, changed constants, dropped conditions,
negated ifs."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

SWAPS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
    ast.Lt: ("<", (">", "<=")),
    ast.LtE: ("<=", (">=", "<")),
    ast.Gt: (">", ("<", ">=")),
    ast.GtE: (">=", ("<=", ">")),
}
# Two moments are never equal, so that `<` and `<=` are the same there.
CLOCK = re.compile(r"_at\b|_until\b|\bnow\b|_now\(|monotonic|time\(|deadline|since|_seconds")
CONDITIONS = ("where", "filter", "filter_by", "having")
WORD = re.compile(r"[a-z][a-z0-9]*([._][a-z0-9]+)*")
# What no test should hold still: log lines, types, the sizes that the migrations already hold.
UNTOUCHED = re.compile(
    r"log\.\w+|cast|TypeVar|mapped_column|relationship|ForeignKey|Index|CheckConstraint|\w+Constraint"
)
TABLE = ("__tablename__", "__table_args__", "__mapper_args__", "__all__")


@dataclass(frozen=True)
class Mutant:
    """`new` in place of `old` at `start` (bytes) of a file; `lines` are those that must run to
    reach it, `function` where it is, as `Class.method`."""

    path: str
    function: str
    kind: str
    start: int
    old: str
    new: str
    lines: tuple[int, int]
    nth: int = 0  # among those of the function that read the same

    @property
    def line(self) -> int:
        return self.lines[0]

    @property
    def package(self) -> str:
        return self.path.split("/")[1].removesuffix(".py")

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def rank(self, seed: int) -> str:
        """By chance, and the same however other places change."""
        place = f"{seed}|{self.path}|{self.function}|{self.nth}|{self.old}|{self.new}"
        return hashlib.sha256(place.encode()).hexdigest()

    def apply(self, source: str) -> str:
        content = source.encode()
        end = self.start + len(self.old.encode())
        return (content[: self.start] + self.new.encode() + content[end:]).decode()

    def compiles(self, source: str) -> bool:
        try:
            ast.parse(self.apply(source))
        except SyntaxError:
            return False
        return True

    def diff(self, source: str) -> str:
        """Its lines, before and after."""
        before, after = source.splitlines(), self.apply(source).splitlines()
        changed = list(unified_diff(before, after, lineterm="", n=0))[2:]
        at = int(changed[0].split()[1].lstrip("-").partition(",")[0])
        place = f"{self.path}:{at} {self.function or 'module'} [{self.kind}]"
        return "\n".join([place, *changed[1:]])


def mutants_of(root: Path, package: str = "payments_app") -> list[Mutant]:
    """Of every file under `root/package`, in the order of the files."""
    return [
        mutant
        for path in sorted((root / package).rglob("*.py"))
        for mutant in mutants_in(path.read_text(), str(path.relative_to(root)))
    ]


def mutants_in(source: str, path: str) -> list[Mutant]:
    """Of one file."""
    seen: Counter[tuple[str, str, str]] = Counter()
    mutants = []
    for mutant in _Finder(source, path).find():
        place = (mutant.function, mutant.old, mutant.new)
        mutants.append(replace(mutant, nth=seen[place]))
        seen[place] += 1
    return mutants


class _Finder:
    def __init__(self, source: str, path: str) -> None:
        self._content, self._path = source.encode(), path
        self._tree = ast.parse(source)
        self._starts = [0]
        for line in self._content.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def find(self) -> Iterator[Mutant]:
        for statement in self._tree.body:
            yield from self._statement(statement, "", inside=None)

    def _statement(
        self, node: ast.stmt, function: str, inside: ast.stmt | None
    ) -> Iterator[Mutant]:
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node) or _is_table(node):
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in self._text(node.test):
            return
        if self._may_go(node, inside):
            yield self._mutant(node, function, "delete", node, "pass")
        within = function
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            within = f"{function}.{node.name}".lstrip(".")
        for child in _parts(node):
            if isinstance(child, ast.stmt):
                yield from self._statement(child, within, node)
            else:
                yield from self._expression(child, node, within)
        if isinstance(node, ast.If | ast.While):
            yield from self._negated(node.test, node, function)

    def _expression(self, node: ast.AST, holder: ast.stmt, function: str) -> Iterator[Mutant]:
        if isinstance(node, ast.Call) and UNTOUCHED.fullmatch(self._text(node.func)):
            return
        if isinstance(node, ast.JoinedStr):
            return
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from self._swapped(node, holder, function)
        if isinstance(node, ast.Constant):
            yield from self._changed(node, holder, function)
        if isinstance(node, ast.Call):
            yield from self._dropped(node, holder, function)
        if isinstance(node, ast.IfExp):
            yield from self._negated(node.test, holder, function)
        if isinstance(node, ast.comprehension):
            for test in node.ifs:
                yield from self._negated(test, holder, function)
        for child in ast.iter_child_nodes(node):
            yield from self._expression(child, holder, function)

    def _may_go(self, node: ast.stmt, inside: ast.stmt | None) -> bool:
        """Whether the function can still run without this statement."""
        if isinstance(node, ast.Expr):
            value = node.value
            return isinstance(value, ast.Call) and not UNTOUCHED.fullmatch(self._text(value.func))
        if isinstance(node, ast.Assign):
            return all(isinstance(t, ast.Attribute | ast.Subscript) for t in node.targets)
        if isinstance(node, ast.Return):
            return isinstance(inside, ast.If)
        return isinstance(node, ast.AugAssign | ast.Raise | ast.Delete | ast.Continue | ast.Break)

    def _swapped(self, node: ast.Compare, holder: ast.stmt, function: str) -> Iterator[Mutant]:
        written, others = SWAPS[type(node.ops[0])]
        left, right = self._end(node.left), self._start(node.comparators[0])
        found = re.search(
            written.replace(" ", r"\s+"), self._content[left:right].decode(errors="replace")
        )
        if found is None:
            return
        if CLOCK.search(self._text(node)):
            others = others[:1]
        for other in others:
            yield self._between(left + found.start(), left + found.end(), holder, function, other)

    def _changed(self, node: ast.Constant, holder: ast.stmt, function: str) -> Iterator[Mutant]:
        value, new = node.value, None
        if isinstance(value, bool):
            new = repr(not value)
        elif isinstance(value, int | float):
            new = repr(value + 1) if abs(value) <= 10 else "0"
        elif isinstance(value, str) and len(value) > 2 and WORD.fullmatch(value):
            new = repr(f"{value}_")
        if new is not None:
            yield self._mutant(node, function, "constant", holder, new)

    def _dropped(self, node: ast.Call, holder: ast.stmt, function: str) -> Iterator[Mutant]:
        """A query without one of its conditions: somebody else's rows come too."""
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in CONDITIONS:
            return
        given = sorted([*node.args, *node.keywords], key=self._start)
        if len(given) == 1:
            dot = self._content.rindex(b".", 0, self._end(node.func))
            yield self._between(dot, self._end(node), holder, function, "", "where")
            return
        for index, one in enumerate(given):
            if index:
                start, end = self._end(given[index - 1]), self._end(one)
            else:
                start, end = self._start(one), self._start(given[1])
            yield self._between(start, end, holder, function, "", "where")

    def _negated(self, test: ast.expr, holder: ast.stmt, function: str) -> Iterator[Mutant]:
        if isinstance(test, ast.Constant):
            return
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            new = f"({self._text(test.operand)})"
        else:
            new = f"(not ({self._text(test)}))"
        yield self._mutant(test, function, "negate", holder, new)

    def _mutant(
        self, node: ast.expr | ast.stmt, function: str, kind: str, holder: ast.stmt, new: str
    ) -> Mutant:
        return self._between(self._start(node), self._end(node), holder, function, new, kind)

    def _between(
        self,
        start: int,
        end: int,
        holder: ast.stmt,
        function: str,
        new: str,
        kind: str = "compare",
    ) -> Mutant:
        body = getattr(holder, "body", None)
        last = body[0].lineno - 1 if body else holder.end_lineno or holder.lineno
        lines = (holder.lineno, max(last, holder.lineno))
        old = self._content[start:end].decode()
        return Mutant(self._path, function, kind, start, old, new, lines)

    def _text(self, node: ast.AST) -> str:
        return self._content[self._start(node) : self._end(node)].decode()

    def _start(self, node: ast.AST) -> int:
        line, column = node.lineno, node.col_offset  # type: ignore[attr-defined]
        return self._starts[int(line) - 1] + int(column)

    def _end(self, node: ast.AST) -> int:
        line, column = node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
        return self._starts[int(line) - 1] + int(column)


def _parts(node: ast.stmt) -> Iterator[ast.AST]:
    """What a statement is made of, without what only types read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body
        elif isinstance(child, ast.arguments):
            yield from (default for default in (*child.defaults, *child.kw_defaults) if default)
        elif child not in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            yield child


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_table(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id in TABLE for target in node.targets
    )
