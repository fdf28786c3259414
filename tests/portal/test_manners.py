"""The portal has the manners of the dashboard: what is looked for is kept, numbers are copied, and
the way back leads to the same place."""

from __future__ import annotations

import html
import re

import pytest

from payments_app.portal import pages
from tests.accounts.staff_driver import Browser
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal
from tests.portal.test_pages import give_to

pytestmark = [pytest.mark.portable, pytest.mark.dialect]
LIST = "/portal/payments"


@pytest.fixture
def paid(driver: PaymentDriver, portal: Portal) -> list[str]:
    """Two payments of ada's and one of bo's; one of ada's is another merchant's."""
    ours = [driver.pay(email=f"{name}@example.com") for name in ("ada", "ada", "bo")]
    give_to(portal.add_merchant(), driver.pay(email="ada@example.com"))
    return ours


def references(page: str) -> list[str]:
    return re.findall(r"<code>(\w{4}-\w{4})</code>", page)


def link(page: str, words: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>{words}', page)
    assert found
    return html.unescape(found[1])


@pytest.fixture
def browser(portal: Portal) -> Browser:
    return portal.signed_in()


def test_the_way_back_leads_to_the_same_place(
    browser: Browser, paid: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", 1)
    first = browser.get(f"{LIST}?view=complete&q=ada@example.com").text
    there = link(first, "Older")
    listed = browser.get(there).text
    payment = browser.get(link(listed, "<code>")).text
    back = link(payment.partition('class="crumb"')[2], "Payments</a>")
    assert references(browser.get(back).text) == references(listed)
    assert references(listed) != references(first)
    assert len(references(listed)) == 1


def test_a_view_keeps_what_was_looked_for_and_a_search_keeps_the_view(
    browser: Browser, paid: list[str]
) -> None:
    page = browser.get(f"{LIST}?q=ada@example.com").text
    assert link(page, "Paid") == f"{LIST}?q=ada@example.com&view=complete"
    assert len(references(browser.get(link(page, "Paid")).text)) == 2
    assert references(browser.get(link(page, "Not paid")).text) == []
    assert (
        '<input type="hidden" name="view" value="complete">'
        in browser.get(f"{LIST}?view=complete").text
    )
    assert 'name="view"' not in browser.get(LIST).text


def test_numbers_of_a_payment_have_a_button_that_copies_them(
    browser: Browser, paid: list[str]
) -> None:
    page = browser.get(f"{LIST}/{paid[0]}").text
    assert f'data-copy="{paid[0]}"' in page
    assert page.count("data-copy=") == 2
    assert "js/staff-copy" in page


def test_nothing_found_says_so_and_leads_on(browser: Browser, paid: list[str]) -> None:
    page = browser.get(f"{LIST}?q=nobody@example.com").text
    assert "matches “nobody@example.com”" in page
    assert link(page, "Show all payments") == LIST
