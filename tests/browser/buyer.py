"""A buyer at a real browser: opens, fills, pays, looks."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Route, expect

FIELDS = 'iframe[title="Secure payment input frame"]'
BANK = 'iframe[title*="bank" i]'  # in English or German
WITHIN_MS = 30_000
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
GOOD, DECLINED, POOR = "4242424242424242", "4000000000000002", "4000000000009995"
SECURE = "4000002760003184"
ONCE_SECURE = "4000002500003155"  # the bank asks until the card is set up


class Buyer:
    """`complaints` holds what the console said against the page: script errors, what its content
    security policy refused, and what Stripe does not take of it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(WITHIN_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)

    def _listen(self, message: ConsoleMessage) -> None:
        # A status that is not 2xx is logged as an error too; those are the tests' own matter.
        wrong = message.type == "error" and "Failed to load resource" not in message.text
        if wrong or message.text.startswith("[Stripe.js]"):
            self.complaints.append(message.text)

    def open(self, item: str = "field-notes") -> None:
        self.page.goto(f"/checkout/{item}")

    def fill(self, card: str = GOOD, email: str | None = "ada@example.com") -> None:
        """Fill the form; `email=None` leaves what is there."""
        if email is not None:
            self.page.get_by_label("E-mail").fill(email)
        fields = self.page.frame_locator(FIELDS)
        fields.locator('[name="number"]').fill(card)
        fields.locator('[name="expiry"]').fill("1234")
        fields.locator('[name="cvc"]').fill("123")

    def press_pay(self) -> None:
        self.page.locator("[data-pay]").click()

    def pay(self, card: str = GOOD, item: str = "field-notes") -> None:
        self.open(item)
        self.fill(card)
        self.press_pay()

    def sees_bank(self) -> None:
        self.page.frame_locator(BANK).locator("#complete").wait_for()

    def answer_bank(self, button: str) -> None:
        """`complete` or `fail`, in the bank's window."""
        self.page.frame_locator(BANK).locator(f"#{button}").click()

    def sees(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words, timeout=WITHIN_MS)

    def reads(self, words: str) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=WITHIN_MS)

    def shows(self, page: str) -> None:
        """Show a page or a mail that was made here, as if the site had answered it."""

        def answer(route: Route) -> None:
            route.fulfill(body=page, content_type="text/html; charset=utf-8")

        self.page.route("**/shown", answer)
        self.page.goto("/shown")
        self.page.unroute("**/shown")

    def page_fits(self) -> bool:
        """Whether it is no wider than its window, on a phone and on a wide screen."""
        found = []
        for width in (390, 1280):
            self.page.set_viewport_size({"width": width, "height": 844})
            found.append(
                self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            )
        return all(found)

    def is_at(self, path: str) -> None:
        expect(self.page).to_have_url(re.compile(path), timeout=WITHIN_MS)

    def status(self) -> dict[str, Any]:
        """The transaction of the page that is shown, as its JSON says."""
        url = re.sub(r"/thankyou\?transaction=(\w+).*", r"/transactions/\1", self.page.url)
        answer = self.page.request.get(url, headers={"Accept": "application/json"})
        status: dict[str, Any] = answer.json()
        return status
