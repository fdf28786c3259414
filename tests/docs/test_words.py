"""The words of the code are those of the glossary."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
FOLDERS = "payments_app stripe_sandbox demo parts chaos bench tests migrations".split()
# Each with what is written instead.
BANNED = {
    "bell": "wake_up",
    "rota": "scheduler",
    "tally": "counters",
    "bury": "dead_letter",
    "hasten": "run_now",
    "poison": "a name of what kills the worker",
    "patience": "policy, deadline, grace or max_wait",
    "predecessor": "supersede, earlier",
    "shelf": "products",
    "verb": "function, action",
    "till": "driver",
    "courier": "dispatcher",
    "premises": "context",
    "followers": "subscribers",
    "drain": "run_due_messages",
}
# A campaign of chaos/ drains: it waits until nothing is left to do.
ALLOWED = {("drain", "chaos"), ("drain", "tests/chaos")}


def _identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "arg", "asname"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value, getattr(node, "lineno", 0)


def _words(identifier: str) -> set[str]:
    return set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", identifier).lower()))


def test_no_identifier_holds_a_word_that_the_glossary_replaced() -> None:
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            where = str(path.relative_to(ROOT))
            for name, line in _identifiers(ast.parse(path.read_text())):
                for word in _words(name) & set(BANNED):
                    if not any(word == w and where.startswith(f"{f}/") for w, f in ALLOWED):
                        found.append(f"{where}:{line} {name}: write {BANNED[word]}")
    assert found == []


def test_at_most_fifteen_words_are_banned() -> None:
    assert len(BANNED) <= 15


def test_each_term_stands_in_the_glossary_once() -> None:
    terms = re.findall(r"^\| ([a-z][^|]*?) \|", GLOSSARY.read_text(), re.MULTILINE)
    terms = [term for term in terms if term != "term"]
    assert terms
    assert sorted(terms) == sorted(set(terms))


@pytest.mark.usefixtures("app")
def test_every_table_of_the_glossary_is_there() -> None:
    from payments_app.core.extensions import db

    named = set(re.findall(r"`(pay_\w+)", GLOSSARY.read_text()))
    assert named - set(db.metadata.tables) == set()


@pytest.mark.usefixtures("app")
def test_the_documents_call_no_table_by_a_name_without_its_prefix() -> None:
    from payments_app.core.extensions import db

    bare = {name.removeprefix("pay_") for name in db.metadata.tables}
    known = {path.stem for path in (ROOT / "payments_app").rglob("*")}  # packages and files too
    wrong = [
        f"{page.name}: {word}"
        for page in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md"))]
        for word in re.findall(r"`(\w+)`", page.read_text())
        if word in bare - known
    ]
    assert wrong == []


def test_every_class_and_file_of_the_glossary_is_there() -> None:
    folders = (ROOT / "payments_app", ROOT / "stripe_sandbox")
    sources = {path: path.read_text() for f in folders for path in f.rglob("*.py")}
    missing = []
    for cell in re.findall(r"\| ([^|]+) \|$", GLOSSARY.read_text(), re.MULTILINE):
        for name in re.findall(r"`([^`]+)`", cell):
            if name.endswith((".py", "/")):
                there = any(f"/{name}" in f"{path}/" for path in sources)
            else:
                last = re.escape(name.split(".")[-1])
                there = any(re.search(rf"\b{last}\b", text) for text in sources.values())
            if not there:
                missing.append(name)
    assert missing == []


def test_every_path_that_the_documents_name_is_there() -> None:
    missing = []
    for page in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md"))]:
        for name in re.findall(r"`((?:\w+/)+[\w.]+\.\w+)`", page.read_text()):
            homes = (ROOT, ROOT / "payments_app", ROOT / "static", ROOT / "templates")
            if not any((home / name).exists() for home in homes):
                missing.append(f"{page.name}: {name}")
    assert missing == []
