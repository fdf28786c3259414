"""Every page of a buyer: on a phone it can be read with its text twice as large; and turned to be
read from right to left axe finds nothing on a phone and on a wide screen, and none scrolls
sideways."""

from __future__ import annotations

import pytest
from flask import Flask, render_template
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.core.web.links import sign_name
from payments_app.orders.product_models import Product
from payments_app.payment_requests.ask import Wish, ask, cancel
from tests.browser import every_picture
from tests.browser.buyer import DECLINED, SECURE, Buyer
from tests.browser.dashboard import Dashboard
from tests.browser.large_text import cramped
from tests.browser.patron import SUBSCRIPTIONS, Patron
from tests.browser.test_accessibility import complaints
from tests.browser.test_money_back import give_back
from tests.languages.visits import said_by, visits

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# As an Arabic or Hebrew page: the direction, the language, and letters that run that way.
MIRROR = """() => {
  document.documentElement.dir = "rtl";
  document.documentElement.lang = "he";
  const letters = "\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (["SCRIPT", "STYLE"].includes(node.parentElement.tagName)) continue;
    node.data = node.data.replace(/[A-Za-z]/g, (letter) => letters[letter.charCodeAt(0) % 10]);
  }
}"""


def mirrored(buyer: Buyer, heading: str | None = None, *, large: bool = True) -> list[str]:
    """What is wrong with the page that is shown; with this heading, where one is given. Not looked
    at with `large` text is what Stripe's window covers."""
    if heading is not None:
        buyer.sees(heading)
    if large:
        assert cramped(buyer.page) == []
    buyer.page.evaluate(MIRROR)
    assert buyer.page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    return complaints(buyer.page)


@visits(
    *("layout.html", "checkout/shop.html", "customers/ask.html", "downloads/gone.html"),
    *("error.html", "checkout/form.html"),
)
@pytest.mark.parametrize("path", ["/", "/account", "/downloads/none", "/nope", "/checkout/letter"])
def test_a_page_read_from_right_to_left(buyer: Buyer, path: str) -> None:
    buyer.page.goto(path)
    assert mirrored(buyer) == []


@visits(
    *("orders/cart.html", "checkout/form.html", "checkout/thankyou.html", "checkout/status.html"),
)
def test_a_cart_a_form_and_what_follows_read_from_right_to_left(buyer: Buyer) -> None:
    buyer.page.goto("/")
    buyer.page.get_by_role("button", name="Add Field notes to cart").click()
    buyer.sees("Cart")
    assert mirrored(buyer) == []
    buyer.open()
    buyer.fill()
    assert mirrored(buyer) == []
    buyer.press_pay()
    buyer.is_at("/thankyou")
    assert mirrored(buyer) == []
    buyer.pay(DECLINED)
    assert mirrored(buyer, "Payment failed") == []
    buyer.pay(SECURE)
    buyer.sees_bank()
    assert mirrored(buyer, "Confirm this payment with your bank") == []


@visits(
    *("customers/account.html", "customers/continue.html", "customers/asked.html"),
    *("consents/mine.html", "consents/confirm.html", "consents/ended.html"),
)
def test_an_account_read_from_right_to_left(buyer: Buyer, dashboard: Dashboard) -> None:
    buyer.page.goto("/account")
    buyer.page.get_by_label("E-mail").fill("ada@example.com")
    buyer.page.get_by_role("button", name="E-mail me a sign-in link").click()
    assert mirrored(buyer, "Check your e-mail") == []
    buyer.page.goto(dashboard.account_link())
    assert mirrored(buyer) == []
    buyer.page.reload()
    buyer.page.get_by_role("button", name="Continue").click()
    expect(buyer.page.get_by_text("Visa ending in 0005").first).to_be_visible()
    for path, heading in (
        ("/account", "Your cards"),
        (SUBSCRIPTIONS, "Your subscriptions"),
        ("/account/consents", "Charges that you agreed to"),
        (dashboard.address("consents.confirm"), "End charges to Visa ending in 1881"),
        ("/consents/none", "This has ended, or the link is too old"),
    ):
        buyer.page.goto(path)
        assert mirrored(buyer, heading) == [], path


@visits(
    *("subscriptions/mine.html", "subscriptions/confirm.html", "subscriptions/remove_card.html"),
)
def test_a_subscription_and_its_changes_read_from_right_to_left(patron: Patron) -> None:
    give_back(patron, patron.buy(), 300)
    one = f"{SUBSCRIPTIONS}/{patron.subscribe()}"
    card = patron.subscription().card_id
    for path, heading in (
        (SUBSCRIPTIONS, "Your subscriptions"),
        (f"{one}/plan?plan=coffee-club-plus", "Change from Coffee club"),
        (f"{one}/cancellation?when=now", "Cancel Coffee club"),
        (f"{one}/pause", "Pause Coffee club"),
        (f"{one}/card?card={card}", "Another card for Coffee club"),
        (f"/account/removed_cards?card={card}", "Remove Visa ending in 4242"),
        ("/account", "Your cards"),
    ):
        patron.page.goto(path)
        assert mirrored(patron.buyer, heading) == [], path


@atomic
def sell_out(session: Session) -> str:
    plate = Product(slug=new_id("plate"), name="Blue plate", amount=500, currency="usd", stock=0)
    session.add(plate)
    return plate.slug


@visits("checkout/closed.html", "checkout/not_for_sale.html", "checkout/challenge.html")
def test_what_can_not_be_paid_now_read_from_right_to_left(buyer: Buyer, shop_app: Flask) -> None:
    wish = Wish(Money(2500, "usd"), "Two tickets", cancel_url="https://shop.example.com/cart")
    with shop_app.app_context():
        asked, sold_out = ask(wish, "staff")[0], sell_out()
        cancel(asked, "staff")
        name = sign_name(asked)
    for item, heading in ((name, "Two tickets"), (sold_out, "Blue plate")):
        buyer.open(item)
        assert mirrored(buyer, heading) == []
    with shop_app.test_request_context("/", headers={"Accept": "text/html"}):
        words = {"item": "tea-tin", "problem": None, "action": ""}
        buyer.shows(render_template("checkout/challenge.html", **words))
    assert mirrored(buyer) == []


def test_no_page_of_a_buyer_is_left_out(request: pytest.FixtureRequest) -> None:
    assert said_by(request.module) == set(every_picture.PAGES)
