"""A thank-you page is printed as one page, also of as much as a cart holds."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from demo.products import PICTURES
from parts.app import Web
from payments_app.core.db.session import atomic
from payments_app.merchants.receipt_details import set_receipt_details
from payments_app.orders.cart import MOST_LINES
from payments_app.orders.pictures import read_picture
from payments_app.orders.place import place_lines
from payments_app.orders.product_models import Product, ProductPicture
from tests.browser.buyer import Buyer
from tests.merchants.connected_merchants import create_ready_merchant
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.browser
# As long as any may be.
ADDRESS = ("7 Mill Lane", "The Old Yard", "Unit 5", "Leeds", "LS1 4AP", "United Kingdom")
TAX_ID = "GB 987 6543 21"
MARGIN = dict.fromkeys(("top", "right", "bottom", "left"), "0.4in")  # as Chromium's own dialog
PAPERS = ("A4", "Letter")


@pytest.fixture
def large_order(shop_app: Flask) -> Iterator[str]:
    """Of a merchant's goods, each with its picture, as many as a cart holds."""
    with shop_app.app_context():
        merchant = create_ready_merchant(PaymentDriver(shop_app))
        set_receipt_details(merchant, address="|".join(ADDRESS), tax=TAX_ID, actor="ada")
        yield _placed(merchant)
        _take_from_sale(merchant)


@atomic
def _placed(session: Session, merchant: str) -> str:
    picture = vars(read_picture(PICTURES / "letterpress-print.svg"))
    goods = [
        Product(
            slug=f"print-{number}-{secrets.token_hex(4)}",
            name=f"Letterpress print {number}, on cotton paper",
            amount=12_345,
            currency="usd",
            merchant_id=merchant,
        )
        for number in range(MOST_LINES)
    ]
    session.add_all(goods)
    session.flush()
    session.add_all(ProductPicture(product_id=product.id, **picture) for product in goods)
    return place_lines(session, [(product, 2) for product in goods]).id


@atomic
def _take_from_sale(session: Session, merchant: str) -> None:
    session.execute(update(Product).where(Product.merchant_id == merchant).values(active=False))


def pages_printed(page: Page, paper: str) -> int:
    printed = page.pdf(format=paper, margin=MARGIN)
    return len(re.findall(rb"/Type\s*/Page\b", printed))


@pytest.mark.parametrize(("locale", "thanks"), [("en-US", "Thank you"), ("de-DE", "Danke")])
def test_a_full_order_with_its_seller_is_one_page_of_either_paper(
    browser: Browser, open_shop: Web, large_order: str, locale: str, thanks: str
) -> None:
    with browser.new_context(base_url=open_shop.url, locale=locale) as context:
        buyer = Buyer(context.new_page())
        buyer.open(large_order)
        buyer.page.locator("#email").fill("ada@example.com")
        buyer.fill(email=None)
        buyer.press_pay()
        buyer.sees(thanks)
        expect(buyer.page.locator(".items li")).to_have_count(MOST_LINES)
        assert [pages_printed(buyer.page, paper) for paper in PAPERS] == [1, 1]
        buyer.page.evaluate("window.print = () => { window.printed = true; }")
        buyer.page.locator(".actions button").click()
        assert buyer.page.evaluate("window.printed")
        buyer.page.emulate_media(media="print")
        for words in ("Letterpress print 19", ADDRESS[-1], TAX_ID):
            buyer.reads(words)
        expect(buyer.page.locator(".actions")).to_be_hidden()
        assert buyer.complaints == []


def test_what_is_longer_than_a_page_is_counted_as_two(buyer: Buyer) -> None:
    buyer.page.goto("/cart")
    buyer.page.evaluate("document.body.style.height = '40cm'")
    assert [pages_printed(buyer.page, paper) for paper in PAPERS] == [2, 2]
