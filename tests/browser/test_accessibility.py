"""Axe finds nothing to complain of on any page, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from parts.app import Web
from payments_app.core.web.access import access_of
from tests.browser.buyer import DECLINED, Buyer
from tests.browser.dashboard import Dashboard
from tests.staff.stored_payments import StoredPayments

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    *((1280, "light"), (1280, "dark"), (390, "dark"), (390, "light")),
)
# The payment form is Stripe's own page in a frame.
OPTIONS = {"resultTypes": ["violations"], "iframes": False}
VIOLATIONS = "options => axe.run(options).then(results => results.violations)"
# On a phone a cell's label stands beside all of its text. In a list of payments only what the page
# says elsewhere may be cut.
MISPLACED = r"""() => {
  const found = [];
  const labelled = '.rows:not(.tight, .line-rows, .work *) td[data-label]';
  for (const cell of document.querySelectorAll(labelled)) {
    if (getComputedStyle(cell).display === 'table-cell') continue;
    const range = document.createRange();
    range.selectNodeContents(cell);
    const left = cell.getBoundingClientRect().left + 90;
    const texts = [...range.getClientRects()].filter((box) => box.width > 1);
    if (texts.some((box) => box.left < left)) found.push(`below its label: ${cell.innerText}`);
  }
  const whole = '[data-label="Date"], [data-label="Amount"], [data-label="Status"]';
  const fits = (cell) => cell.matches('[data-label="Customer"]') && cell.innerText.length < 16;
  for (const cell of document.querySelectorAll('.line-rows td')) {
    const range = document.createRange();
    range.selectNodeContents(cell);
    const padding = parseFloat(getComputedStyle(cell).paddingRight);
    const end = cell.getBoundingClientRect().right - padding;
    const cut = cell.clientWidth && range.getBoundingClientRect().right > end + 1;
    if (cut && (cell.matches(whole) || fits(cell))) found.push(`cut: ${cell.innerText}`);
  }
  for (const cell of document.querySelectorAll(labelled)) {
    if (getComputedStyle(cell).display === 'table-cell' || !cell.offsetHeight) continue;
    const label = document.createElement('span');
    label.style.cssText = 'position: absolute; width: 6.5rem; font-size: 14px';
    label.textContent = cell.dataset.label;
    if (!cell.innerText.trim()) found.push(`a label of nothing: ${cell.dataset.label}`);
    cell.append(label);
    const covers = label.offsetHeight > cell.offsetHeight + 1;
    label.remove();
    if (covers) found.push(`a label over the next one: ${cell.dataset.label}`);
  }
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const lines = (start, end) => {
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, end);
      return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
    };
    const word = node.data.trim();
    if (word && word.length < 16 && !/\s/.test(word) && lines(0, node.length) > 1)
      found.push(`a broken word: ${word}`);
    for (const { 0: address, index } of node.data.matchAll(/[\w.]+@[\w.]+/g))
      if (lines(index, index + address.length) > 1) found.push(`a broken address: ${address}`);
  }
  for (const code of document.querySelectorAll('.rows code')) {
    const short = code.innerText.length < 10 && code.getClientRects().length > 1;
    if (short) found.push(`on two lines: ${code.innerText}`);
  }
  return found;
}"""
NO_PAGES = {
    "ops.incident_banner",  # a part of every page
    *(
        "staff.dispute_file",
        "staff.export",
        "settlement.download",
        "ledger.download",
        "staff_api.sales_summary",
    ),
}
STAFF_PAGES = (
    *("accounts.confirm", "accounts.password", "accounts.second_factor_page", "ops.alerts"),
    *("ops.dead_letter", "ops.incident_page", "ops.queues", "ops.stripe", "ledger.index"),
    *("settlement.index", "settlement.show", "staff.audit", "staff.confirm_fix"),
    *("staff.confirm_delivery", "staff.confirm_receipt", "staff.confirm_consent_ending"),
    *("staff.confirm_refund", "staff.confirm_retry", "staff.customer", "staff.disputes"),
    *("staff.dispute", "staff.review_dispute_answer", "staff.review_dispute_acceptance"),
    *("ops.confirm_pause",),
    *("staff.confirm_receipts", "ops.dead_letters_of", "ops.alerts_of_kind"),
    *("staff.double_payments", "staff.findings", "staff.home", "staff.members"),
    *("staff.merchant_list", "staff.payment", "staff.payment_list", "staff.reports"),
    *("staff.confirm_change", "staff.subscription", "staff.payouts", "staff.payout"),
    *("staff.payment_links", "staff.payment_link", "staff.new_payment_link"),
    *("staff.api_key_list", "ledger.journal_list"),
)
FILTERED = "/staff/payments?status=failed&least=wrong"
SEARCHED = "/staff/payments?q=axe@example.com"
PUBLIC_PAGES = (
    *("/", "/cart", "/account", "/account/subscriptions", "/downloads/none", "/demo/mails"),
    *("/account/consents", "/consents/none"),
    *("/staff/login", "/staff/password/new?token=old", "/nope"),
)


def complaints(page: Page) -> list[str]:
    """What axe says against the page at each width, and whether it is wider than the screen."""
    found = []
    page.evaluate(AXE_SCRIPT)
    page.emulate_media(reduced_motion="reduce")  # a colour on its way to another is none yet
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        for violation in page.evaluate(VIOLATIONS, OPTIONS):
            nodes = [node["html"][:200] for node in violation["nodes"]]
            found.append(f"{width}: {violation['id']}: {violation['help']}: {nodes}")
        if (width, theme) not in ((1280, "light"), (390, "dark")):
            continue  # what is placed does not change with the colours
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width}: it scrolls sideways")
        found.extend(f"{width}: {words}" for words in page.evaluate(MISPLACED))
    return found


@pytest.fixture(scope="module")
def desk_page(browser: Browser, open_shop: Web, dashboard: Dashboard) -> Iterator[Page]:
    """An administrator's browser."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    context.add_cookies([{"name": "staff", "value": dashboard.token or "", "url": open_shop.url}])
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def visitor(browser: Browser, open_shop: Web) -> Iterator[Buyer]:
    """Somebody who only looks, at one page after the other."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield Buyer(context.new_page())
    context.close()


@pytest.mark.parametrize("endpoint", STAFF_PAGES)
def test_a_staff_page_is_accessible(desk_page: Page, dashboard: Dashboard, endpoint: str) -> None:
    answer = desk_page.goto(dashboard.address(endpoint))
    assert answer
    assert answer.status == 200
    assert complaints(desk_page) == []


def test_a_refund_is_reviewed_on_an_accessible_page(desk_page: Page, dashboard: Dashboard) -> None:
    id_ = StoredPayments(dashboard.app).payment(amount=24000)
    desk_page.goto(f"/staff/payments/{id_}/refunds")
    desk_page.fill("#amount", "1,50")
    desk_page.fill("#reason", "Shipping was\ncheaper than 'charged'")
    desk_page.get_by_role("button", name="Review the refund").click()
    expect(desk_page.get_by_text("Did you mean $1.50 or $150.00?")).to_be_visible()
    assert complaints(desk_page) == []
    desk_page.fill("#amount", "1.50")
    desk_page.get_by_role("button", name="Review the refund").click()
    expect(desk_page.get_by_text("You refund $1.50 of $240.00 to Visa 4242.")).to_be_visible()
    assert complaints(desk_page) == []
    desk_page.get_by_role("button", name="Refund $1.50").click()
    expect(desk_page.get_by_text("$1.50 not confirmed by Stripe yet").first).to_be_visible()


def test_an_open_verdict_is_accessible(desk_page: Page, dashboard: Dashboard) -> None:
    StoredPayments(dashboard.app).decline(email="axe@example.com")
    desk_page.goto("/staff/payments?status=failed")
    desk_page.locator("details.why summary").first.click()
    expect(desk_page.locator("details.why[open]")).to_be_visible()
    assert complaints(desk_page) == []


@pytest.mark.parametrize("address", [FILTERED, SEARCHED])
def test_a_list_with_filters_is_accessible(desk_page: Page, address: str) -> None:
    desk_page.goto(address)
    assert complaints(desk_page) == []


def test_no_staff_page_is_left_out(shop_app: Flask) -> None:
    pages = {
        rule.endpoint
        for rule in shop_app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and (access := access_of(shop_app, rule.endpoint))
        and access.audience == "staff"
    }
    assert pages == {*STAFF_PAGES, *NO_PAGES}


@pytest.mark.parametrize("address", PUBLIC_PAGES)
def test_a_public_page_is_accessible(visitor: Buyer, address: str) -> None:
    visitor.page.goto(address)
    assert complaints(visitor.page) == []
    assert visitor.complaints == []


def test_checkout_and_thank_you_are_accessible(buyer: Buyer) -> None:
    buyer.open()
    buyer.fill()
    assert complaints(buyer.page) == []
    buyer.press_pay()
    buyer.sees("Thank you")
    assert complaints(buyer.page) == []


def test_a_declined_payment_s_page_is_accessible(buyer: Buyer) -> None:
    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    assert complaints(buyer.page) == []


def test_the_form_for_a_new_password_is_accessible(buyer: Buyer, dashboard: Dashboard) -> None:
    buyer.page.goto(dashboard.password_link())
    expect(buyer.page.get_by_label("New password")).to_be_visible()
    assert complaints(buyer.page) == []


def test_a_known_buyer_s_pages_are_accessible(buyer: Buyer, dashboard: Dashboard) -> None:
    buyer.page.goto(dashboard.account_link())
    assert complaints(buyer.page) == []
    buyer.page.get_by_role("button", name="Continue").click()
    expect(buyer.page.get_by_text("Visa ending in 0005").first).to_be_visible()
    for address in ("/account", "/account/subscriptions", "/checkout/field-notes"):
        buyer.page.goto(address)
        assert complaints(buyer.page) == []


def test_a_mail_in_the_demo_s_mailbox_is_accessible(buyer: Buyer, dashboard: Dashboard) -> None:
    buyer.page.goto(dashboard.sent_mail())
    assert complaints(buyer.page) == []
    buyer.page.goto("/demo/mails")
    assert complaints(buyer.page) == []
