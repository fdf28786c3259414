"""Who opens a payment far down a filtered list and writes a note comes back to that very row."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from parts.app import Web
from tests.browser.dashboard import Dashboard
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.browser


@pytest.fixture
def desk_page(browser: Browser, open_shop: Web, dashboard: Dashboard) -> Iterator[Page]:
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    context.add_cookies([{"name": "staff", "value": dashboard.token or "", "url": open_shop.url}])
    yield context.new_page()
    context.close()


def test_a_note_leads_back_to_its_row_of_the_filtered_list(
    desk_page: Page, dashboard: Dashboard
) -> None:
    stored = StoredPayments(dashboard.app)
    low = stored.decline(email="far.down@example.com")
    for _ in range(30):
        stored.decline(email="far.down@example.com")
    desk_page.set_viewport_size({"width": 1280, "height": 500})
    address = "/staff/payments?status=failed&email=far.down%40example.com"
    desk_page.goto(address)
    desk_page.locator(f"#{low}").click()
    expect(desk_page).to_have_url(re.compile(rf"/staff/payments/{low}\?"))
    desk_page.locator("textarea#text").fill("Called them")
    desk_page.get_by_role("button", name="Add the note").click()
    expect(desk_page).to_have_url(re.compile("#timeline$"))
    expect(desk_page.get_by_text("Called them").first).to_be_visible()
    desk_page.get_by_role("link", name="← Back to where you were").click()
    expect(desk_page).to_have_url(re.compile(re.escape(f"{address}#{low}")))
    expect(desk_page.locator(f"#{low}")).to_be_in_viewport()
