"""No template of a buyer's page or mail holds a word of its own, whichever branch is taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes

from payments_app.core import places
from tests.languages.pseudo import texts_of, untranslated

FOLDERS = ("checkout", "components", "customers", "downloads", "mail", "orders", "subscriptions")
# To merchants, and to staff.
OTHERS = re.compile(r"mail/(portal_link|endpoint_)|components/tables")
NAMES = "JavaScript|Stripe|name@example.com|/account/subscriptions"
LOOKS = {"panes", "wide", "narrow"}  # of the page's own width
STAFFS = {"Ask an administrator, or a colleague who may do this.", "Back to the overview"}
TRANSLATING = {"_", "gettext", "ngettext"}
SENTENCE = re.compile(r"[A-Z][a-z]|[a-z] [a-z]")
TAG = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def templates() -> list[str]:
    root = places.templates()
    found = [root / "layout.html", root / "error.html"]
    found += [path for folder in FOLDERS for path in (root / folder).iterdir()]
    names = sorted(str(path.relative_to(root)) for path in found)
    return [name for name in names if not OTHERS.match(name)]


@pytest.mark.parametrize("name", templates())
def test_it_has_no_text_of_its_own(name: str) -> None:
    source = TAG.sub("", (places.templates() / name).read_text())
    texts = texts_of(source) if name.endswith(".html") else source.splitlines()
    assert [
        text for text in texts if text not in STAFFS | LOOKS and untranslated(text, NAMES)
    ] == []


@pytest.mark.parametrize("name", templates())
def test_each_sentence_in_its_code_goes_through_the_catalogues(app: Flask, name: str) -> None:
    parsed = app.jinja_env.parse(Path(places.templates() / name).read_text())
    through: set[int] = set()
    for call in parsed.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in TRANSLATING:
            through |= {id(const) for const in call.find_all(nodes.Const)}
    own = [
        const.value
        for const in parsed.find_all(nodes.Const)
        if id(const) not in through and isinstance(const.value, str)
    ]
    assert [text for text in own if SENTENCE.search(text) and not is_code(text)] == []


def is_code(text: str) -> bool:
    """A setting's name, a template's, a form of numbers."""
    return re.fullmatch(r"[A-Z_]+|[\w./-]+\.(html|txt|js|css|svg)|%.*", text) is not None
