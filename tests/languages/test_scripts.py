"""What a script says comes from its page, in that page's language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "static" / "js").glob("*.js"))
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""", re.DOTALL
)
FILLED = re.compile(r"\$\{[^{}]*\}")
TAG = re.compile(r"</?\w+|>")
WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['\u2019-])*[.,:;!?…]*")
ELEMENTS = set("a button details dialog form h1 iframe input section select tr textarea".split())
STYLE = re.compile(r"\b\d+px\b")
FOR_DEVELOPERS = re.compile(r"new Error\($")


def sentences(script: str) -> Iterator[str]:
    """The literals with two words beside each other: no selector, style, or developers' error.
    What is filled in counts as a word."""
    for token in TOKEN.finditer(script):
        text = token[0]
        if text[0] == "/" or FOR_DEVELOPERS.search(script[: token.start()]) or STYLE.search(text):
            continue
        words = [
            bool(WORD.fullmatch(word)) and word.strip(",") not in ELEMENTS
            for word in TAG.sub(" ", FILLED.sub("Value", text[1:-1])).split()
        ]
        if any(one and other for one, other in pairwise(words)):
            yield text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_sentence_stands_in_a_script(script: Path) -> None:
    assert list(sentences(script.read_text())) == []


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('say("Your card was declined.")', ['"Your card was declined."']),
        ("say('Try again')", ["'Try again'"]),
        ("say(`Copy ${copyWhat}`)", ["`Copy ${copyWhat}`"]),
        ("html = `<dt>x</dt>\n<dd>Open it now</dd>`", ["`<dt>x</dt>\n<dd>Open it now</dd>`"]),
        ("// Says nothing of it: \"Pay now\"", []),
        ('throw new Error("Stripe.js was not loaded")', []),
        ('target.matches("input, select, textarea, [contenteditable]")', []),
        ("border: `1px solid ${edge}`", []),
        ('fetch("/a b", { type: "application/json" })', []),
    ],
)  # fmt: skip
def test_a_sentence_is_told_from_what_only_looks_like_one(script: str, found: list[str]) -> None:
    assert list(sentences(script)) == found
