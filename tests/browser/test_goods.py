"""Pictures of products, in a real browser: they come, nothing moves, and none runs anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from parts.app import Web
from payments_app.core.db.session import atomic
from payments_app.orders.product_models import Product, ProductPicture
from tests.browser.buyer import PAINTED, Buyer
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser
WIDE: ViewportSize = {"width": 1280, "height": 844}
PHONE: ViewportSize = {"width": 390, "height": 844}
MOST_BYTES = 60_000
SHIFTS = """
window.moved = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) window.moved += each.value;
}).observe({ type: "layout-shift", buffered: true });
"""
COME = "all => all.map(one => one.complete && one.naturalWidth > 0 && one.width === one.height)"
ACTIVE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="document.title = 1">'
    b"<script>document.title = 1</script><title>Still</title></svg>"
)


def has_pictures(page: Page, count: int) -> None:
    pictures = page.locator("img.picture")
    expect(pictures).to_have_count(count)
    for each in pictures.all():
        each.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert pictures.evaluate_all(COME) == [True] * count


def moved(page: Page) -> float:
    page.evaluate(PAINTED)
    return float(page.evaluate("window.moved"))


def is_well(page: Page) -> None:
    """Nothing moved, and nobody is kept from it."""
    size = page.viewport_size
    assert moved(page) == 0
    assert complaints(page) == []
    assert size is not None
    page.set_viewport_size(size)


@pytest.mark.parametrize("size", [PHONE, WIDE])
def test_they_come_and_nothing_moves(browser: Browser, open_shop: Web, size: ViewportSize) -> None:
    with browser.new_context(base_url=open_shop.url, locale="en-US", viewport=size) as context:
        context.add_init_script(SHIFTS)
        buyer = Buyer(context.new_page())
        buyer.page.goto("/")
        assert buyer.page.locator("img.picture").count() >= 8
        has_pictures(buyer.page, buyer.page.locator("img.picture").count())
        is_well(buyer.page)
        for name in ("Field notes", "Enamel mug"):
            buyer.page.goto("/")
            buyer.page.get_by_role("button", name=f"Add {name} to cart").click()
            buyer.sees("Cart")
        has_pictures(buyer.page, 2)
        is_well(buyer.page)
        buyer.page.get_by_role("button", name="Checkout").click()
        expect(buyer.page.locator("[data-card-box='ready']")).to_be_visible()
        is_well(buyer.page)
        if size == PHONE:
            buyer.page.get_by_text("Show order summary").click()
        has_pictures(buyer.page, 2)
        buyer.fill()
        buyer.press_pay()
        buyer.sees("Thank you")
        has_pictures(buyer.page, 2)
        is_well(buyer.page)
        assert buyer.complaints == []


@pytest.mark.parametrize("path", ["/", "/checkout/field-notes"])
def test_nothing_moves_when_they_come_late(browser: Browser, open_shop: Web, path: str) -> None:
    held: list[Route] = []
    with browser.new_context(base_url=open_shop.url, locale="en-US", viewport=PHONE) as context:
        context.add_init_script(SHIFTS)
        context.route("**/pictures/*", lambda route: held.append(route))
        page = context.new_page()
        with page.expect_request("**/pictures/*"):
            page.goto(path)
        page.evaluate(PAINTED)
        for each in held:
            each.continue_()
        context.unroute("**/pictures/*")
        page.wait_for_load_state("networkidle")
        assert page.locator("img.picture").first.evaluate("one => one.naturalWidth > 0")
        assert moved(page) == 0


@pytest.mark.parametrize("width", [1280, 820, 700, 390])
def test_they_leave_their_names_room(browser: Browser, open_shop: Web, width: int) -> None:
    """Also in German, where buttons are wide."""
    size: ViewportSize = {"width": width, "height": 844}
    with browser.new_context(base_url=open_shop.url, locale="de-DE", viewport=size) as context:
        page = context.new_page()
        page.goto("/")
        names = page.locator(".product:has(> .picture) h2")
        widths = names.evaluate_all("all => all.map(one => one.offsetWidth)")
        assert len(widths) >= 8
        assert min(widths) > 150


def test_with_large_text_no_page_with_one_scrolls_sideways(buyer: Buyer) -> None:
    buyer.page.set_viewport_size(PHONE)
    buyer.page.goto("/")
    buyer.page.get_by_role("button", name="Add Field notes to cart").click()
    buyer.sees("Cart")
    for path in ("/cart", "/", "/checkout/field-notes"):
        buyer.page.goto(path)
        has_pictures(buyer.page, buyer.page.locator("img.picture").count())
        buyer.page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert buyer.page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_checkout_weighs_less_than_60_kb_with_its_picture(buyer: Buyer, open_shop: Web) -> None:
    own: dict[str, int] = {}
    buyer.page.on(
        "response",
        lambda answer: (
            own.update({answer.url: len(answer.body())})
            if answer.url.startswith(open_shop.url)
            else None
        ),
    )
    buyer.open()
    expect(buyer.page.locator("[data-card-box='ready']")).to_be_visible()
    has_pictures(buyer.page, 1)
    assert [url for url in own if "/pictures/" in url]
    assert sum(own.values()) < MOST_BYTES, own


@pytest.fixture
def active(shop_app: Flask) -> Iterator[str]:
    """The address of one that got past the command, of a product that is not for sale."""
    with shop_app.app_context():
        yield _keep(ACTIVE)
        _forget()


@atomic
def _keep(session: Session, content: bytes) -> str:
    product = Product(slug="by-itself", name="x", amount=500, currency="usd", active=False)
    session.add(product)
    session.flush()
    hashed = hashlib.sha256(content).hexdigest()
    picture = {"product_id": product.id, "type": "svg", "sha256": hashed, "content": content}
    session.execute(insert(ProductPicture).values(picture))
    return f"/pictures/{hashed}.svg"


@atomic
def _forget(session: Session) -> None:
    product = select(Product.id).where(Product.slug == "by-itself").scalar_subquery()
    session.execute(delete(ProductPicture).where(ProductPicture.product_id == product))
    session.execute(delete(Product).where(Product.slug == "by-itself"))


def test_a_script_in_one_does_not_run_where_it_is_opened_by_itself(
    buyer: Buyer, active: str
) -> None:
    buyer.page.goto(active)
    assert buyer.page.title() == "Still"
    assert buyer.complaints
    buyer.complaints.clear()
