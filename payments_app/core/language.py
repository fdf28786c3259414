"""language: what a buyer reads, in their language, and times in their own zone.

A sentence for a buyer is `Words`: a text that is English wherever it is stored, compared or sent to
a program, and in the reader's language where it is shown (`str`, a format, a page, a mail). So are
amounts and days. Staff and merchants read English.

The catalogues lie in `translations` as .po files, and are compiled when they are first read.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from babel import Locale, dates
from babel.messages import mofile, pofile
from babel.support import NullTranslations, Translations
from flask import current_app, has_request_context, request
from flask_babel import Domain, gettext, ngettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from payments_app.core import places

__all__ = ["DEFAULT", "LANGUAGES", "Reader", "Words", "current", "gettext", "message", "ngettext"]

DEFAULT = "en"
LANGUAGES = {DEFAULT: "English", "de": "Deutsch"}
_VALUE = re.compile(r"%\(\w+\)s")
_CLDR = {DEFAULT: "en_US"}  # how amounts and dates are written; else by the language's own name


@dataclass(frozen=True)
class Reader:
    """Who reads: their language, a key of LANGUAGES, and the name of their zone; None of each
    where it is not known."""

    language: str | None = None
    zone: str | None = None


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


@contextmanager
def speaking(reader: Reader) -> Iterator[None]:
    """What is written meanwhile is for this reader, whoever asks for it."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)


def current() -> str:
    """The language that is read now: a key of LANGUAGES. English outside a buyer's request."""
    reader = _reader.get()
    if reader is not None:
        return reader.language if reader.language in LANGUAGES else DEFAULT
    if not has_request_context():
        return DEFAULT
    found: str | None = getattr(request, "language", None)
    if found is None:
        selector = current_app.extensions["babel"].locale_selector
        found = request.language = selector()  # type: ignore[attr-defined]
    return found


def locale() -> Locale:
    """How amounts and dates are written now."""
    return _locale(current())


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(_CLDR.get(code, code))


def zone_name() -> str | None:
    """The zone of whoever reads now, where it is known."""
    reader = _reader.get()
    return reader.zone if reader else None


class Words(str):
    """An English sentence that is shown in the reader's language. `%(name)s` stands for a value,
    which may be `Words`, an amount of money or a day, and is written in that language too."""

    _make: Callable[[], str]

    def __new__(cls, sentence: str, /, **values: Any) -> Words:
        """The sentence, as the catalogues have it."""
        return cls.made(lambda: gettext(sentence, **values))

    @classmethod
    def made(cls, make: Callable[[], str]) -> Words:
        """What `make` gives, in whatever language is read when it is asked."""
        with speaking(Reader(DEFAULT)):
            made = super().__new__(cls, make())
        made._make = make
        return made

    def __str__(self) -> str:
        return self._make()

    def __format__(self, form: str) -> str:
        return format(self._make(), form)

    def __html__(self) -> Markup:
        return escape(self._make())


def message(sentence: str) -> str:
    """Mark a sentence for the catalogues that becomes `Words` later."""
    return sentence


def as_said(stored: str, words: str) -> str:
    """The words, where they are what was stored of them in English; else what was stored."""
    return words if words == stored else stored


def day(moment: dt.date) -> Words:
    """A day as people write it: "December 22, 2026", "22. Dezember 2026"."""
    return Words.made(lambda: dates.format_date(moment, "long", locale()))


def direction() -> str:
    """In which the language of now is written: "ltr" or "rtl"."""
    return _direction(current())


@cache
def _direction(code: str) -> str:
    direction: str = _locale(code).text_direction
    return direction


def apart(value: object) -> str:
    """The value as it stands in a line with other words: set apart from them where the language is
    read from right to left, so that its digits, signs and Latin letters stay in their order."""
    return f"\u2068{value}\u2069" if direction() == "rtl" else str(value)


class _Apart(NullTranslations):
    """The messages of a catalogue, with each value in them set apart."""

    def __init__(self, messages: NullTranslations) -> None:
        super().__init__()
        self._messages = messages

    def gettext(self, message: str) -> str:
        return _VALUE.sub(lambda one: apart(one[0]), self._messages.gettext(message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _VALUE.sub(lambda one: apart(one[0]), self._messages.ngettext(msgid1, msgid2, n))

    ugettext, ungettext = gettext, ngettext


class Catalogues(Domain):  # type: ignore[misc]
    """Flask-Babel's messages, of our catalogues and for the reader of now."""

    def get_translations(self) -> NullTranslations:
        """As Flask-Babel's."""
        return _messages()


def _messages() -> NullTranslations:
    return _messages_of(current())


@cache
def _messages_of(code: str) -> NullTranslations:
    return _Apart(catalogue(code)) if _direction(code) == "rtl" else catalogue(code)


@pass_eval_context
def in_template(context: EvalContext, sentence: str, /, **values: Any) -> str:
    """What `_("...")` of a template gives, as Jinja makes it: what takes no value, once for each
    language."""
    if not values:
        return _said(_messages(), sentence, escaped=context.autoescape)
    return _form(_messages(), sentence, escaped=context.autoescape) % values


def _form(messages: NullTranslations, sentence: str, *, escaped: bool) -> str:
    found = messages.gettext(sentence)
    return Markup(found) if escaped else found  # noqa: S704 - of our catalogues


@lru_cache(maxsize=4000)
def _said(messages: NullTranslations, sentence: str, *, escaped: bool) -> str:
    return _form(messages, sentence, escaped=escaped) % {}


@cache
def catalogue(language: str) -> NullTranslations:
    """The messages of a language; a message that is missing, or fuzzy, is English."""
    source = places.translations() / language / "LC_MESSAGES" / "messages.po"
    if not source.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        mofile.write_mo(compiled, pofile.read_po(file, language))
    compiled.seek(0)
    return Translations(compiled)
