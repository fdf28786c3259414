"""A payment's page in a browser: numbers are copied, steps unfold, and it prints as a case file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from parts.app import Web
from tests.browser.dashboard import Dashboard
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.browser


@pytest.fixture
def payment(dashboard: Dashboard) -> str:
    stored = StoredPayments(dashboard.app)
    id_ = stored.payment()
    stored.note_call(id_, verdict="succeeded", request_id="req_123", milliseconds=87)
    return id_


@pytest.fixture
def staff_page(
    browser: Browser, open_shop: Web, dashboard: Dashboard, payment: str
) -> Iterator[Page]:
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    context.add_cookies([{"name": "staff", "value": dashboard.token or "", "url": open_shop.url}])
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"/staff/payments/{payment}")
    yield page
    context.close()


def test_a_number_is_copied_with_a_button(staff_page: Page, payment: str) -> None:
    staff_page.get_by_role("button", name="Copy our id").click()
    expect(staff_page.get_by_role("button", name="Copied our id")).to_be_visible()
    assert staff_page.evaluate("navigator.clipboard.readText()") == payment


def test_technical_steps_are_folded_until_somebody_asks(staff_page: Page) -> None:
    step = staff_page.get_by_text("req_123")
    expect(step).to_be_hidden()
    staff_page.get_by_text("1 technical step").click()
    expect(step).to_be_visible()


def test_a_case_file_prints_what_is_so_and_no_button(staff_page: Page) -> None:
    staff_page.emulate_media(media="print")
    expect(staff_page.get_by_text("What happened")).to_be_visible()
    expect(staff_page.get_by_text("The customer asked to pay $10.99")).to_be_visible()
    expect(staff_page.get_by_role("button")).to_have_count(0)
