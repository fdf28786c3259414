"""No template of a buyer's page or mail holds a word of its own, whichever branch is taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes

from payments_app.core import places
from tests.languages.pseudo import texts_of, untranslated
from tests.languages.visits import buyers_templates

NAMES = "JavaScript|Stripe|name@example.com|/account/subscriptions"
LOOKS = {"panes", "wide", "narrow"}  # of the page's own width
STAFFS = {"Ask an administrator, or a colleague who may do this.", "Back to the overview"}
TRANSLATING = {"_", "gettext", "ngettext"}
SENTENCE = re.compile(r"[A-Z][a-z]|[a-z] [a-z]")
TAG = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


@pytest.mark.parametrize("name", buyers_templates())
def test_it_has_no_text_of_its_own(name: str) -> None:
    source = TAG.sub("", (places.templates() / name).read_text())
    texts = texts_of(source) if name.endswith(".html") else source.splitlines()
    assert [
        text for text in texts if text not in STAFFS | LOOKS and untranslated(text, NAMES)
    ] == []


@pytest.mark.parametrize("name", buyers_templates())
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
