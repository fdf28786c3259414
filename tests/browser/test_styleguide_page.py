"""The style guide, in a real browser."""

from __future__ import annotations

import pytest
from flask import Flask, render_template

from payments_app.checkout.styleguide_samples import samples
from tests.browser.buyer import Buyer
from tests.browser.test_accessibility import complaints

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_style_guide_is_accessible_in_both_themes(buyer: Buyer, shop_app: Flask) -> None:
    with shop_app.test_request_context("/", headers={"Accept": "text/html"}):
        page = render_template("styleguide.html", **samples())
    buyer.shows(page)
    assert complaints(buyer.page) == []
