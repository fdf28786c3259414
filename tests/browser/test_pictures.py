"""`make pictures`: every page of a buyer. It says nothing of itself: it is for people
to look at."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.buyer import DECLINED, SECURE, Buyer
from tests.browser.dashboard import Dashboard
from tests.browser.pictures import MARKS, Pictures, takes

pytestmark = MARKS


PAGES = {
    "shop": "/",
    "cart-empty": "/cart",
    "form-several": "/checkout/field-notes",
    "form-free": "/checkout/sticker",
    "form-plan": "/checkout/coffee-club",
    "form-trial": "/checkout/letter",
    "form-download": "/checkout/folding-pattern",
    "account-ask": "/account",
    "account-link-too-old": "/account/too-old",
    "download-gone": "/downloads/none",
    "not-found": "/nope",
}


@takes(*PAGES)
def test_pages(buyer: Buyer, take: Pictures) -> None:
    for name, path in PAGES.items():
        buyer.page.goto(path)
        if name.startswith("form-") and name != "form-free":
            expect(buyer.page.locator("[data-card-box='ready']")).to_be_visible()
        take(buyer, name)


@takes("cart", "cart-refused")
def test_the_cart(buyer: Buyer, take: Pictures) -> None:
    buyer.page.goto("/")
    buyer.page.get_by_role("button", name="Add Field notes to cart").click()
    buyer.sees("Cart")
    take(buyer, "cart")
    buyer.page.get_by_role("spinbutton").fill("99")
    buyer.page.evaluate("document.querySelector('input[type=number]').max = ''")
    buyer.page.get_by_role("button", name="Change").click()
    take(buyer, "cart-refused")


@takes("form-order", "form-order-unfolded")
def test_an_order_of_several_things(buyer: Buyer, take: Pictures) -> None:
    for name in ("Field notes", "Enamel mug"):
        buyer.page.goto("/")
        buyer.page.get_by_role("button", name=f"Add {name} to cart").click()
        buyer.sees("Cart")
    buyer.page.get_by_role("button", name="Checkout").click()
    expect(buyer.page.locator("[data-card-box='ready']")).to_be_visible()
    take(buyer, "form-order")
    buyer.page.set_viewport_size({"width": 390, "height": 844})
    buyer.page.get_by_text("Show order summary").click()
    take(buyer, "form-order-unfolded")


@takes("form-wrong", "thank-you")
def test_a_journey_that_ends_well(buyer: Buyer, take: Pictures) -> None:
    buyer.open()
    buyer.press_pay()
    take(buyer, "form-wrong")
    buyer.pay()
    buyer.sees("Thank you")
    take(buyer, "thank-you")


@takes("declined")
def test_a_decline(buyer: Buyer, take: Pictures) -> None:
    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    take(buyer, "declined")


@takes("bank", "not-confirmed")
def test_the_banks_check(buyer: Buyer, take: Pictures) -> None:
    buyer.pay(SECURE)
    buyer.sees_bank()
    take(buyer, "bank")
    buyer.answer_bank("fail")
    buyer.sees("Payment not confirmed")
    take(buyer, "not-confirmed")


ACCOUNT = {
    "consents": "/account/consents",
    "consent-to-end": "",
    "account": "/account",
    "subscriptions": "/account/subscriptions",
    "form-saved-card": "/checkout/field-notes",
}


@takes("account-continue", *ACCOUNT)
def test_an_account(buyer: Buyer, dashboard: Dashboard, take: Pictures) -> None:
    buyer.page.goto(dashboard.account_link())
    take(buyer, "account-continue")
    buyer.page.get_by_role("button", name="Continue").click()
    expect(buyer.page.get_by_text("Visa ending in 0005").first).to_be_visible()
    for name, path in ACCOUNT.items():
        buyer.page.goto(path or dashboard.address("consents.confirm"))
        take(buyer, name)


@takes("account-asked")
def test_a_link_is_asked_for(buyer: Buyer, take: Pictures) -> None:
    buyer.page.goto("/account")
    buyer.page.get_by_label("E-mail").fill("ada@example.com")
    buyer.page.get_by_role("button", name="E-mail me a sign-in link").click()
    buyer.sees("Check your e-mail")
    take(buyer, "account-asked")


GERMAN = {
    "shop": "/",
    "form": "/checkout/letter",
    "form-plan": "/checkout/coffee-club",
    "account-ask": "/account",
}


@takes(*(f"german-{name}" for name in (*GERMAN, "cart", "thank-you", "bank", "declined")))
def test_the_same_in_german(german: Buyer, take: Pictures) -> None:
    for name, path in GERMAN.items():
        german.page.goto(path)
        if "form" in name:
            expect(german.page.locator("[data-card-box='ready']")).to_be_visible()
        take(german, f"german-{name}")
    german.page.goto("/")
    german.page.get_by_role("button", name="Field notes in den Warenkorb").click()
    german.sees("Warenkorb")
    take(german, "german-cart")
    german.pay()
    german.sees("Danke")
    take(german, "german-thank-you")
    german.pay(SECURE)
    german.page.get_by_role("button", name="Abbrechen").wait_for()
    take(german, "german-bank")
    german.pay(DECLINED)
    german.sees("Zahlung fehlgeschlagen")
    take(german, "german-declined")
