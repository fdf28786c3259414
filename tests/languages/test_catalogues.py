"""Every sentence for a buyer is in every catalogue, whole, and with the same values in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages import extract, pofile
from babel.messages.catalog import Catalog

from payments_app.core import language, places

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "Words": None, "message": None, "ngettext": (1, 2)}
VALUE = re.compile(r"%\((\w+)\)[sd]")
OTHERS = sorted(set(language.LANGUAGES) - {language.DEFAULT})


def said() -> set[str | tuple[str, ...]]:
    """The sentences of the sources."""
    found = extract.extract_from_dir(
        ROOT / "payments_app", [("**.py", "python")], keywords=KEYWORDS
    )
    pages = [("**.html", "jinja2"), ("**.txt", "jinja2")]
    shown = extract.extract_from_dir(ROOT / "templates", pages, keywords=KEYWORDS)
    return {each[2] for each in (*found, *shown)}


def catalogue(code: str) -> Catalog:
    source = places.translations() / code / "LC_MESSAGES" / "messages.po"
    with source.open("rb") as file:
        return pofile.read_po(file, code)


def all_of(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_is_missing_and_none_is_left_over(code: str) -> None:
    known = {message.id for message in catalogue(code) if message.id}
    assert said() - known == set(), "run `make messages` and translate these"
    assert known - said() == set()


@pytest.mark.parametrize("code", OTHERS)
def test_each_is_translated_and_none_is_only_a_guess(code: str) -> None:
    for message in catalogue(code):
        if message.id:
            assert not message.fuzzy, message.id
            assert all(text.strip() for text in all_of(message.string)), message.id


@pytest.mark.parametrize("code", OTHERS)
def test_each_has_the_values_of_the_english_one(code: str) -> None:
    for message in catalogue(code):
        english = set(VALUE.findall(all_of(message.id)[-1])) if message.id else set()
        for text in all_of(message.string) if message.id else ():
            assert set(VALUE.findall(text)) == english, message.id
            assert "%" not in VALUE.sub("", text), message.id


def test_a_catalogue_is_compiled_as_it_is_read() -> None:
    assert language.catalogue("de").gettext("Sold out.") == "Ausverkauft."
