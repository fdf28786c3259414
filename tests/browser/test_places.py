"""Where things stand on a buyer's pages, in a real browser: the order stays beside what is done,
and sums stand under each other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from tests.browser.buyer import DECLINED, Buyer
from tests.browser.dashboard import Dashboard

pytestmark = pytest.mark.browser
WIDE: ViewportSize = {"width": 1280, "height": 844}
PHONE: ViewportSize = {"width": 390, "height": 844}


def left(found: Locator) -> float:
    return float(found.evaluate("one => one.getBoundingClientRect().left"))


def ends(found: Locator) -> set[int]:
    """Where these end, in whole pixels."""
    return set(
        found.evaluate_all("all => all.map(one => Math.round(one.getBoundingClientRect().right))")
    )


def test_the_order_stays_where_it_was_when_the_card_is_declined(buyer: Buyer) -> None:
    buyer.page.set_viewport_size(WIDE)
    buyer.open()
    items = buyer.page.locator(".items")
    before = left(items), ends(items)
    form = left(buyer.page.locator("#checkout"))
    buyer.fill(DECLINED)
    buyer.press_pay()
    buyer.sees("Payment failed")
    assert (left(items), ends(items)) == before
    assert left(buyer.page.locator(".outcome")) == form


@pytest.mark.parametrize("item", ["sticker", "field-notes"])
def test_a_price_ends_where_the_order_ends_however_short_its_words(buyer: Buyer, item: str) -> None:
    buyer.page.set_viewport_size(WIDE)
    buyer.open(item)
    assert ends(buyer.page.locator(".items .price")) == ends(buyer.page.locator(".order"))


def test_what_was_paid_ends_in_one_line_also_where_it_takes_a_line_of_its_own(buyer: Buyer) -> None:
    buyer.page.set_viewport_size(PHONE)
    buyer.pay()
    buyer.sees("Thank you")
    assert ends(buyer.page.locator(".facts dd")) == ends(buyer.page.locator(".facts"))


def test_the_sums_of_a_change_stand_under_each_other(buyer: Buyer, dashboard: Dashboard) -> None:
    buyer.page.goto(dashboard.account_link())
    buyer.page.get_by_role("button", name="Continue").click()
    expect(buyer.page).to_have_url(re.compile("/account"))
    subscription = dashboard.values["subscription_id"]
    buyer.page.goto(f"/account/subscriptions/{subscription}/cancellation?when=now")
    for size in (WIDE, PHONE):
        buyer.page.set_viewport_size(size)
        sums = buyer.page.locator(".effects strong")
        assert ends(sums) == ends(buyer.page.locator(".effects"))
        words = buyer.page.locator(".effects dd")
        assert len(set(words.evaluate_all("all => all.map(one => one.offsetLeft)"))) == 1
