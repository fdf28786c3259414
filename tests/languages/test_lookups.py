"""What a template's `_` gives is what Jinja's own gives, in each language, escaped or not."""

from __future__ import annotations

import pytest
from flask import Flask
from markupsafe import Markup

from payments_app.core.language import LANGUAGES, Reader, Words, speaking
from payments_app.core.money import Money
from tests.languages.pseudo import PSEUDO, spoken

SENTENCES = (
    "{say}('Sold out.')",
    "{say}('Pay %(amount)s', amount=price)",
    "{say}('Pay for %(name)s', name=name)",
    "{say}('Pay for %(name)s', name=link)",
    "{say}('Sold by %(seller)s', seller=words)",
    "{say}('<b>100 %% nobody translated</b>')",
)
VALUES = {
    "price": Money(109_950, "eur"),
    "name": "<Tea> & more",
    "link": Markup("<a>tea</a>"),
    "words": Words("Sold out."),
}


@pytest.mark.parametrize("kind", ["html", "txt"])
@pytest.mark.parametrize("code", [*LANGUAGES, PSEUDO])
def test_a_sentence_reads_as_jinja_s_own(app: Flask, code: str, kind: str) -> None:
    escaped = "{% autoescape " + str(kind == "html").lower() + " %}"
    page = "|".join(f"{{{{ {sentence} }}}}" for sentence in SENTENCES)
    with app.test_request_context("/"), spoken(), speaking(Reader(code)):
        ours, jinjas = (
            app.jinja_env.from_string(
                escaped + page.replace("{say}", say) + "{% endautoescape %}"
            ).render(VALUES)
            for say in ("_", "gettext")
        )
    assert ours == jinjas
    assert ("&lt;Tea&gt;" in ours) == (kind == "html")


def test_each_reader_reads_their_own_language(app: Flask) -> None:
    said = app.jinja_env.from_string("{{ _('Sold out.') }}")
    read = []
    for code in (*LANGUAGES, *LANGUAGES):
        with app.test_request_context("/"), speaking(Reader(code)):
            read.append(said.render())
    assert read == ["Sold out.", "Ausverkauft."] * 2
