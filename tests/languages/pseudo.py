"""A language in which every sentence of the catalogues stands in brackets: what does not is not
translated. It is Hebrew to Babel, so that amounts and days are not English either, and it is read
from right to left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest
from babel.support import NullTranslations

from payments_app.core import language

PSEUDO = "he"
_VALUE = re.compile(r"(%\(\w+\)[sd])")
_BRACKETS = re.compile(r"⟦[^⟦⟧]*⟧")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
# A payment's reference, an order's number, an id; a day of this language, and the clock's zone.
_NUMBERS = re.compile(
    r"https?://\S+"
    r"|\b[A-Z0-9 .]+\* \w+( [A-Z0-9]+)*"
    r"|\b[A-Z0-9]{4}-[A-Z0-9]{4}\b|\b[A-Z0-9]{10}\b|\b[a-z]{3,4}_\w+"
    r"|[\u0590-\u05ff]+"
    r"|\bUTC\b|\bC?CES?T\b|\bGMT\b"
)
_APART = re.compile("\u2068[^\u2068\u2069]*\u2069")
# What loses its order where it is not set apart. What this language's own form of a day or of money
# writes has marks for that.
_ORDERED, _MARKED = re.compile(r"\d.*\D|\D.*\d|@"), re.compile("[\u0590-\u05ff\u200f]")
_READ_ALOUD = {"aria-label", "alt", "title", "placeholder", "data-title"}
_NOT_READ = {"script", "style", "code", "template"}


def pseudo(sentence: str) -> str:
    """Each part of it in brackets, and its values outside of them."""
    parts = _VALUE.split(sentence)
    return "".join(p if i % 2 or not p.strip() else f"⟦{p}⟧" for i, p in enumerate(parts))


class Pseudo(NullTranslations):
    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)

    ugettext, ungettext = gettext, ngettext


@contextmanager
def spoken() -> Iterator[None]:
    """The pseudo-language is one of the languages, and what everybody reads."""
    with pytest.MonkeyPatch.context() as patch:
        known = language.catalogue
        patch.setitem(language.LANGUAGES, PSEUDO, "Pseudo")
        patch.setattr(
            language, "catalogue", lambda code: Pseudo() if code == PSEUDO else known(code)
        )
        yield


class _Read(HTMLParser):
    """What of a page is read by people."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.together: list[str] = []
        self._skipped = 0
        self._apart = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skipped += tag in _NOT_READ
        self._apart += tag == "bdi"
        known = dict(attrs)
        self.texts += [value or "" for name, value in attrs if name in _READ_ALOUD]
        self.texts += json.loads(known.get("data-words") or "{}").values()

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in _NOT_READ
        self._apart -= tag == "bdi"

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.texts.append(data)
        if not self._skipped and not self._apart:
            self.together.append(data)


def texts_of(page: str) -> list[str]:
    read = _Read()
    read.feed(page)
    return [" ".join(text.split()) for text in read.texts if text.strip()]


def misread(page: str) -> list[str]:
    """Texts of a page with a value that is set apart neither by its element nor by signs: where it
    stands among words that are read from right to left, its own order is lost."""
    read = _Read()
    read.feed(page)
    return [text for text in read.together if turned(text)]


def turned(text: str) -> bool:
    """The same of one line."""
    while (less := _APART.sub(" ", text)) != text:
        text = less
    while (less := _BRACKETS.sub(" ", text)) != text:
        text = less
    return bool(_ORDERED.search(text.strip())) and not _MARKED.search(text)


def untranslated(text: str, names: str = "") -> str:
    """The text's words that stand in no brackets and are none of the names; empty where all do."""
    while (less := _BRACKETS.sub(" ", text)) != text:
        text = less
    for name in sorted(names.split("|"), key=len, reverse=True):
        text = text.replace(name, " ") if name else text
    return " ".join(_LETTERS.findall(_NUMBERS.sub(" ", text)))
