"""The form is sent in place, in a real browser, while things go wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Route, expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from parts.app import Web
from payments_app.core.db.session import atomic
from payments_app.orders.product_models import Product
from tests.browser.buyer import Buyer
from tests.browser.patron import Patron
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser
SENT = re.compile("/transactions$")
NO_NET = "We can't reach the shop just now."


@pytest.fixture
def context(browser: Browser, open_shop: Web) -> Iterator[BrowserContext]:
    """Its clock is moved here, and it goes off the net."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield context
    context.close()


def ready(buyer: Buyer, email: str = "ada@example.com") -> list[str]:
    """A form that is filled in; returns the keys under which it is sent."""
    keys: list[str] = []
    buyer.page.on(
        "request",
        lambda request: (
            keys.append(key_of(request.post_data or "")) if SENT.search(request.url) else None
        ),
    )
    buyer.open()
    buyer.fill(email=email)
    return keys


def key_of(body: str) -> str:
    return re.findall(r"(?:^|&)key=([^&]+)", body)[0]


def card_number(buyer: Buyer) -> str:
    fields = buyer.page.frame_locator('iframe[title="Secure payment input frame"]')
    return fields.locator('[name="number"]').input_value()


def test_what_the_server_refuses_is_said_in_place_and_the_card_stays(buyer: Buyer) -> None:
    ready(buyer, "ada@localhost")
    buyer.press_pay()
    buyer.reads("There is a problem")
    expect(buyer.page.locator("#email-error")).to_have_text(
        "Enter an e-mail address like name@example.com."
    )
    assert buyer.page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    assert card_number(buyer) == "4242 4242 4242 4242"
    assert complaints(buyer.page) == []
    buyer.page.get_by_label("E-mail").fill("ada@example.com")
    buyer.press_pay()
    buyer.sees("Thank you")


SPINNER = """button => {
  const { animationName, content } = getComputedStyle(button, "::before");
  return content === "none" ? null : animationName;
}"""


def test_while_it_is_sent_a_spinner_turns_in_the_button_and_an_error_ends_it(buyer: Buyer) -> None:
    page, held = buyer.page, list[Route]()
    ready(buyer, "ada@localhost")
    pay, said = page.locator("[data-pay]"), page.locator("[role=status] [data-spoken]")
    size = "button => [button.offsetWidth, button.offsetHeight]"
    idle = pay.evaluate(size)
    assert (pay.evaluate(SPINNER), said.text_content()) == (None, "")
    page.route(SENT, lambda route: held.append(route), times=1)
    with page.expect_request(SENT):
        buyer.press_pay()
    expect(pay).to_have_text("Processing...")
    expect(said).to_have_text("Processing...")
    assert pay.evaluate(SPINNER) == "turn"
    expect(pay).to_have_attribute("aria-disabled", "true")
    assert pay.evaluate(size) == idle
    assert complaints(page) == []
    held[0].continue_()
    expect(pay).to_have_text("Pay $10.99")
    assert (pay.evaluate(SPINNER), said.text_content()) == (None, "")
    expect(pay).not_to_have_attribute("aria-disabled", "true")


def test_who_wants_less_motion_sees_a_ring_that_stands(buyer: Buyer) -> None:
    buyer.page.emulate_media(reduced_motion="reduce")
    ready(buyer)
    buyer.page.context.set_offline(True)
    buyer.press_pay()
    buyer.reads(NO_NET)
    assert buyer.page.locator("[data-pay]").evaluate(SPINNER) == "none"
    buyer.page.context.set_offline(False)
    buyer.sees("Thank you")


def test_an_old_form_is_sent_with_nothing_lost(buyer: Buyer) -> None:
    keys = ready(buyer)
    buyer.page.context.clear_cookies()
    buyer.press_pay()
    buyer.sees("Thank you")
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_off_the_net_it_is_sent_again_by_itself(buyer: Buyer) -> None:
    ready(buyer)
    buyer.page.context.set_offline(True)
    buyer.press_pay()
    buyer.reads(NO_NET)
    assert complaints(buyer.page) == []
    buyer.page.context.set_offline(False)
    buyer.sees("Thank you")


def test_a_lost_answer_is_asked_for_again_under_the_same_key(buyer: Buyer) -> None:
    keys = ready(buyer)

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    buyer.page.route(SENT, lose, times=1)
    buyer.press_pay()
    buyer.sees("Thank you")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert buyer.status()["attempt"] == 1


def test_after_a_minute_it_is_asked_whether_it_is_still_wanted(buyer: Buyer) -> None:
    buyer.page.clock.install()
    keys = ready(buyer)
    buyer.page.context.set_offline(True)
    buyer.press_pay()
    buyer.reads(NO_NET)
    buyer.page.clock.fast_forward(61_000)
    buyer.reads("As soon as you are online, we check whether your payment arrived.")
    buyer.page.context.set_offline(False)
    buyer.reads("Your payment did not reach us, so no payment was made.")
    assert keys == []
    assert complaints(buyer.page) == []
    buyer.press_pay()
    buyer.sees("Thank you")
    assert len(keys) == 1


def test_after_a_minute_a_payment_that_arrived_is_shown_and_not_sent_again(buyer: Buyer) -> None:
    buyer.page.clock.install()
    keys = ready(buyer)

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        buyer.page.context.set_offline(True)
        route.abort()

    buyer.page.route(SENT, lose, times=1)
    buyer.press_pay()
    buyer.reads(NO_NET)
    buyer.page.clock.fast_forward(61_000)
    buyer.reads("we check whether your payment arrived")
    buyer.page.context.set_offline(False)
    buyer.sees("Thank you")
    assert len(set(keys)) == 1
    assert buyer.status()["attempt"] == 1


def test_an_answer_that_is_none_of_ours_sends_the_plain_form(buyer: Buyer) -> None:
    keys = ready(buyer)
    buyer.page.route(
        SENT, lambda route: route.fulfill(status=403, body="<h1>Blocked</h1>"), times=1
    )
    buyer.press_pay()
    buyer.sees("Thank you")
    assert len(set(keys)) == 1


@atomic
def reprice(session: Session, amount: int) -> None:
    session.execute(update(Product).where(Product.slug == "field-notes").values(amount=amount))


def test_another_price_is_shown_in_place_and_asked_for_again_with_the_card_kept(
    buyer: Buyer, shop_app: Flask, bystander: Patron
) -> None:
    before, page = bystander.standing(), buyer.page
    keys = ready(buyer)
    page.select_option("#quantity", "2")
    with shop_app.app_context():
        reprice(1199)
        try:
            buyer.press_pay()
            buyer.reads("The price is now $23.98 instead of $21.98. No payment was made.")
            assert page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
            assert card_number(buyer) == "4242 4242 4242 4242"
            assert page.locator("#quantity").input_value() == "2"
            expect(page.locator("section.order")).to_contain_text("$11.99")
            expect(page.locator("[data-total]").last).to_have_text("$23.98")
            assert complaints(page) == []
            page.select_option("#quantity", "1")
            expect(page.locator("[data-pay]")).to_have_text("Pay $11.99")
            page.select_option("#quantity", "2")
            page.get_by_role("button", name="Pay $23.98").click()
            buyer.sees("Thank you")
            buyer.reads("$23.98")
            assert (buyer.status()["amount"], len(keys), len(set(keys))) == (2398, 2, 1)
        finally:
            reprice(1099)
    assert bystander.standing() == before


def test_what_is_free_now_is_asked_for_on_its_own_form_with_what_was_typed(
    buyer: Buyer, shop_app: Flask
) -> None:
    ready(buyer)
    with shop_app.app_context():
        reprice(0)
        try:
            buyer.press_pay()
            buyer.reads("The price is now $0.00 instead of $10.99. No payment was made.")
            expect(buyer.page.get_by_label("E-mail")).to_have_value("ada@example.com")
            buyer.page.get_by_role("button", name="Get it free").click()
            buyer.sees("Thank you")
        finally:
            reprice(1099)


def test_an_address_that_only_takes_a_form_is_no_dead_end(buyer: Buyer) -> None:
    for path, to in (
        ("/orders", "/cart"),
        ("/transactions", "/"),
        ("/cart/items", "/cart"),
    ):
        buyer.page.goto(path)
        buyer.is_at(f"{to}$")
