"""One buyer's journey in Firefox ESR: what our scripts, sheets and policy ask of a browser holds in
another one than Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from parts.app import Web
from parts.firefox import Firefox
from parts.process import wait_until
from tests.browser.buyer import BANK, DECLINED, FIELDS, GOOD, SECURE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Stripe = Callable[..., None]
SLOW = {"fault": "slow", "match": {"path": "/confirm$"}, "ms": 3_000, "times": None}


class Buyer:
    """Who pays with Firefox."""

    def __init__(self, firefox: Firefox, site: str) -> None:
        self.firefox, self.site = firefox, site

    def pay(self, card: str) -> None:
        self.firefox.open(f"{self.site}/checkout/field-notes")
        self.retry(card, email="ada@example.com")

    def retry(self, card: str, email: str = "") -> None:
        """Fill the form that is shown, and send it."""
        self.firefox.find("[data-card-box=ready]")
        if email:
            self.firefox.type("[name=email]", email)
        self.firefox.into_frame(FIELDS)
        for name, text in {"number": card, "expiry": "1234", "cvc": "123"}.items():
            self.firefox.type(f"[name={name}]", text)
        self.firefox.into_frame(None)
        self.firefox.click("[data-pay]")

    def passes_bank(self) -> None:
        """Answer the bank in its window, once that is laid out: a click while its sheet comes in
        lands beside the button."""
        self.firefox.into_frame(BANK)
        self.firefox.find("#complete")
        loaded = "return document.readyState === 'complete'"
        assert wait_until(lambda: self.firefox.ask(loaded), within=60)
        self.firefox.click("#complete")
        self.firefox.into_frame(None)

    def path(self) -> str:
        return str(self.firefox.ask("return location.pathname"))


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with Firefox(tmp_path_factory.mktemp("firefox")) as firefox:
        yield firefox


@pytest.fixture
def buyer(firefox: Firefox, open_shop: Web) -> Iterator[Buyer]:
    """Somebody unknown, who must not see an error of the page's own."""
    firefox.open(open_shop.url)
    firefox.do("DeleteAllCookies")
    yield Buyer(firefox, open_shop.url)
    firefox.into_frame(None)
    assert firefox.complaints(open_shop.url) == []


def test_a_good_card_is_waited_for_and_leads_to_the_thank_you_page(
    buyer: Buyer, stripe: Stripe
) -> None:
    stripe(SLOW)
    buyer.pay(GOOD)
    buyer.firefox.sees("Processing your payment")
    assert buyer.path().startswith("/transactions/txn_")
    buyer.firefox.sees("Thank you")
    assert buyer.path() == "/thankyou"
    buyer.firefox.sees("$10.99 was paid.", tag="p")
    buyer.firefox.do("Back")
    buyer.firefox.sees("Thank you")  # and no form that could be sent again
    assert buyer.firefox.ask("return document.querySelector('[data-pay]')") is None


def test_a_declined_card_is_said_and_another_one_pays_without_typing_again(buyer: Buyer) -> None:
    buyer.pay(DECLINED)
    buyer.firefox.sees("Payment failed")
    assert "declined" in buyer.firefox.ask("return document.querySelector('main').textContent")
    buyer.firefox.click("main a.button")
    assert buyer.firefox.ask("return document.querySelector('[name=email]').value")
    buyer.retry(GOOD)
    buyer.firefox.sees("Thank you")


def test_the_banks_check_opens_and_is_answered(buyer: Buyer) -> None:
    buyer.pay(SECURE)
    buyer.passes_bank()
    buyer.firefox.sees("Thank you")


def test_an_empty_form_gets_a_summary_with_the_focus(buyer: Buyer) -> None:
    buyer.firefox.open(f"{buyer.site}/checkout/field-notes")
    buyer.firefox.find("[data-card-box=ready]")
    buyer.firefox.click("[data-pay]")
    buyer.firefox.find(".summary")
    focused = "return document.activeElement.className"
    assert wait_until(lambda: "summary" in buyer.firefox.ask(focused), within=60)


def test_no_page_is_wider_than_a_phone(buyer: Buyer) -> None:
    buyer.firefox.do("SetWindowRect", width=390, height=844)
    for path in ("/", "/cart", "/checkout/field-notes", "/account", "/nothing"):
        buyer.firefox.open(buyer.site + path)
        width = buyer.firefox.ask("return [document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], path
