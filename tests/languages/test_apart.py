"""Values keep their own order in a language that is read from right to left, and carry no marks in
others."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string

from payments_app.core.language import LANGUAGES, Reader, Words, apart, ngettext, speaking
from payments_app.core.money import Money
from tests.languages.pseudo import PSEUDO, spoken, turned

CARD = "•••• 4242"
PAGE = "{{ _('Card for %(plan)s', plan=card) }} {{ card|apart }}"


def written(app: Flask) -> list[str]:
    """A sentence of code, one of a template, and what stands beside words."""
    words = Words("%(price)s on the next bill", price=Money(1099, "usd"))
    minutes = ngettext(
        "The link works once, for %(num)s minute.", "The link works once, for %(num)s minutes.", 2
    )
    return [f"{words}", str(minutes), render_template_string(PAGE, card=CARD), apart(CARD)]


def test_a_value_is_set_apart_from_words_that_are_read_from_right_to_left(app: Flask) -> None:
    with app.app_context(), spoken(), speaking(Reader(PSEUDO)):
        for text in written(app):
            assert "\u2068" in text
            assert not turned(text)


@pytest.mark.parametrize("code", LANGUAGES)
def test_elsewhere_there_is_no_mark(app: Flask, code: str) -> None:
    with app.app_context(), speaking(Reader(code)):
        assert [text for text in written(app) if "\u2068" in text or "\u2069" in text] == []


def test_what_is_told_a_program_has_no_mark(app: Flask) -> None:
    with app.app_context(), spoken(), speaking(Reader(PSEUDO)):
        assert Words("Card for %(plan)s", plan=CARD) == f"Card for {CARD}"
