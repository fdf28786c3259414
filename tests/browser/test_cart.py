"""The cart, in a real browser against the whole product."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Locator, expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.orders.product_models import Product
from tests.browser.buyer import DECLINED, Buyer
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser
Shelve = Callable[[int], str]


@atomic
def _shelve(session: Session, slug: str, stock: int) -> None:
    session.add(Product(slug=slug, name=slug, amount=500, currency="usd", stock=stock))


@atomic
def _sell(session: Session, slug: str, values: dict[str, object]) -> None:
    session.execute(update(Product).where(Product.slug == slug).values(values))


@pytest.fixture
def shelve(shop_app: Flask) -> Iterator[Shelve]:
    """Offers something of which there are so many, for this test; returns its name."""
    made = []

    def make(stock: int) -> str:
        slug = f"plate-{secrets.token_hex(4)}"
        _shelve(slug, stock)
        made.append(slug)
        return slug

    with shop_app.app_context():
        yield make
        for slug in made:
            _sell(slug, {"active": False})


def add(buyer: Buyer, name: str) -> None:
    buyer.page.goto("/")
    buyer.page.get_by_role("button", name=f"Add {name} to cart").click()
    buyer.sees("Cart")


def holds(buyer: Buyer, count: int) -> None:
    expect(buyer.page.get_by_role("link", name="Cart")).to_have_text(f"Cart ({count})")


def width(shown: Locator) -> float:
    box = shown.bounding_box()
    assert box is not None
    return box["width"]


def test_adding_again_counts_up_and_the_count_is_on_the_pages(buyer: Buyer) -> None:
    add(buyer, "Field notes")
    add(buyer, "Field notes")
    holds(buyer, 2)
    buyer.reads("$21.98")
    buyer.page.goto("/")
    holds(buyer, 2)
    assert complaints(buyer.page) == []


def test_a_cart_is_emptied_when_it_is_paid_and_not_before(buyer: Buyer) -> None:
    add(buyer, "Enamel mug")
    buyer.page.get_by_role("button", name="Checkout").click()
    expect(buyer.page.locator("[data-pay]")).to_have_text("Pay $24.00")
    buyer.page.go_back()
    buyer.page.goto("/cart")
    holds(buyer, 1)
    on = buyer.page.get_by_role("button", name="Checkout")
    assert width(on) < 150
    buyer.page.set_viewport_size({"width": 390, "height": 844})
    assert width(on) > 290, "on a phone a thumb finds it"
    on.click()
    buyer.fill(DECLINED)
    buyer.press_pay()
    buyer.sees("Payment failed")
    holds(buyer, 1)
    buyer.page.get_by_role("link", name="Try another card").click()
    buyer.fill(email=None)
    buyer.press_pay()
    buyer.sees("Thank you")
    expect(buyer.page.get_by_role("link", name="Cart")).to_have_count(0)
    buyer.page.goto("/cart")
    buyer.reads("Your cart is empty.")


def test_what_can_not_be_bought_can_not_be_put_in(buyer: Buyer, shelve: Shelve) -> None:
    gone = shelve(0)
    buyer.page.goto("/")
    buyer.reads("Late Bloom can't take payments just now.")
    buyer.reads("Sold out.")
    for name in (gone, "Box of seeds"):
        expect(buyer.page.get_by_role("button", name=f"Add {name} to cart")).to_have_count(0)
    assert complaints(buyer.page) == []


def test_a_quantity_that_is_refused_is_said_at_its_field_and_stays_there(buyer: Buyer) -> None:
    add(buyer, "Enamel mug")
    add(buyer, "Field notes")
    field, other = (buyer.page.get_by_label(f"Quantity of {n}") for n in ("Field notes", "Enamel"))
    field.fill("99")
    field.evaluate("field => field.removeAttribute('max')")
    field.press("Enter")
    expect(buyer.page).to_have_title("Problem: Cart · Corner Shop")
    expect(buyer.page.get_by_role("alert")).to_be_focused()
    expect(buyer.page.locator("[role=alert] + h1")).to_have_text("Cart")
    expect(field).to_have_value("99")
    expect(field).to_have_accessible_description(
        "You can order up to 10 of Field notes. Your cart still holds 1."
    )
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(other).to_have_value("1")
    expect(other).not_to_have_attribute("aria-invalid", "true")
    holds(buyer, 2)
    assert complaints(buyer.page) == []
    buyer.page.get_by_role("alert").get_by_role("link").click()
    expect(field).to_be_focused()


def test_checkout_takes_what_was_typed_and_not_changed(buyer: Buyer) -> None:
    add(buyer, "Enamel mug")
    add(buyer, "Field notes")
    buyer.page.get_by_label("Quantity of Field notes").fill("2")
    buyer.page.get_by_label("Quantity of Enamel mug").fill("3")
    buyer.page.get_by_role("button", name="Checkout").click()
    expect(buyer.page.locator("[data-pay]")).to_have_text("Pay $93.98")
    buyer.page.goto("/cart")
    holds(buyer, 5)
    mug = buyer.page.get_by_role("listitem").filter(has_text="Enamel mug")
    mug.get_by_role("button", name="Remove").click()
    holds(buyer, 2)


def test_what_sold_out_in_the_cart_is_said_there_and_not_after_the_card(
    buyer: Buyer, shelve: Shelve
) -> None:
    name = shelve(1)
    add(buyer, name)
    _sell(name, {"stock": 0})
    buyer.page.goto("/cart")
    buyer.reads("Sold out.")
    expect(buyer.page.get_by_label(f"Quantity of {name}")).to_have_count(0)
    expect(buyer.page.get_by_role("button", name="Change")).to_have_count(0)
    expect(buyer.page.get_by_role("button", name="Checkout")).to_have_count(0)
    expect(buyer.page.locator(".cart-total")).to_have_count(0)
    assert complaints(buyer.page) == []
    buyer.page.get_by_role("button", name="Remove").click()
    buyer.reads("Your cart is empty.")
