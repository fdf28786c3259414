"""From the click to "thank you" in a real browser, and fifty orders a second of one product."""

from __future__ import annotations

import statistics
import time

from playwright.sync_api import sync_playwright

from bench.buyer import order, paced, percentile
from bench.clicks import running
from bench.site import Site
from bench.table import Row, at_least, at_most
from parts.chromium import ARGUMENTS, find_chromium
from tests.browser.buyer import Buyer

CLICKS = 25
A_SECOND, ORDERS = 50, 500


def rows(here: Site) -> list[Row]:
    """With Stripe at once, so that what it takes is ours and the browser's."""
    with running(here) as url:
        return [*_thanked(url), *_hot(here, url)]


def _thanked(url: str) -> list[Row]:
    waits = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*ARGUMENTS])
        for number in range(CLICKS + 1):
            context = browser.new_context(base_url=url, locale="en-US")
            buyer = Buyer(context.new_page())
            buyer.open()
            buyer.fill(email=f"browser{number}@example.com")
            began = time.monotonic()
            with buyer.page.expect_event("framenavigated", lambda frame: "/thankyou" in frame.url):
                buyer.press_pay()
            waits.append(time.monotonic() - began)
            buyer.sees("Thank you")  # a context that is closed while a page comes in may hang
            context.close()
        browser.close()
    what, counted = 'click to "thank you" in Chromium, beyond Stripe', waits[1:]
    limit = f"n = {CLICKS}"
    return [
        at_most(f"{what}, p50", statistics.median(counted), 0.5, limit, " s"),
        at_most(f"{what}, p99", percentile(counted, 99), 1, limit, " s"),
    ]


def _hot(here: Site, url: str) -> list[Row]:
    """Its stock is counted, so all wait for its row."""
    with here.postgres.connect("bench") as database:
        database.execute("UPDATE pay_products SET stock = 100000 WHERE slug = 'field-notes'")

    def place() -> float:
        began = time.monotonic()
        try:
            order(url)
        except RuntimeError:
            return float("inf")
        return time.monotonic() - began

    began = time.monotonic()
    waits = paced(place, A_SECOND, ORDERS)
    rate = ORDERS / (time.monotonic() - began)
    placed = [wait for wait in waits if wait != float("inf")]
    what = f"{A_SECOND} orders a second of one product"
    return [
        at_least(f"{what}, placed", len(placed) / ORDERS, 1, f"{rate:.0f}/s were taken"),
        at_most(f"{what}, p95 of the wait", percentile(placed, 95), 5, "its row's lock", " s"),
    ]
