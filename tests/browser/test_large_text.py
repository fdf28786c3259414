"""What is looked for on a page with large text is found where it is planted."""

from __future__ import annotations

import pytest

from tests.browser.buyer import Buyer
from tests.browser.large_text import cramped

pytestmark = pytest.mark.browser
PAGE = "<!doctype html><meta name=viewport content='width=device-width'><body>{}</body>"


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("<div style='width:30rem'>Wide</div>", "it scrolls sideways"),
        ("<p style='height:2rem;overflow:hidden'>One<br>Two<br>Three</p>", "cut off"),
        ("<button style='width:60px;font-size:2rem'>Unbreakable</button>", "out of its button"),
        ("<p>One</p><p style='margin-top:-2.5rem'>Two</p>", "over each other"),
    ],
)
def test_what_can_not_be_read_is_found(buyer: Buyer, planted: str, said: str) -> None:
    buyer.page.set_content(PAGE.format("<h1>Well</h1><p>Two <b>words</b></p><input>"))
    assert cramped(buyer.page) == []
    buyer.page.set_content(PAGE.format(planted))
    assert any(found.startswith(said) for found in cramped(buyer.page))
