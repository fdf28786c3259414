"""A member keeps filters of the list under names, for nobody else."""

from __future__ import annotations

import html
import re

import pytest

from payments_app.staff.payments import saved_filters
from tests.accounts.staff_driver import Browser

pytestmark = pytest.mark.portable
LIST = "/staff/payments"


def keep(browser: Browser, name: str, **filters: str) -> int:
    return browser.post("/staff/filters", name=name, **filters).status_code


def test_a_kept_filter_is_one_click_away(viewer: Browser) -> None:
    assert keep(viewer, "Big in yen", currency="JPY", least="500") == 303
    page = viewer.get(LIST).text
    assert tabs(page)[-1] == ("/staff/payments?currency=JPY&least=500", "Big in yen", False)


def tabs(page: str) -> list[tuple[str, str, bool]]:
    """Address and words of each tab over the list, and whether it is the one that is shown."""
    listed = re.search(r'aria-label="Views">(.*?)</ul>', page, re.DOTALL)
    assert listed
    found = re.findall(r'<a href="([^"]+)"\s*(aria-current="true")?\s*>([^<]+)</a>', listed[1])
    return [(html.unescape(address), words, bool(here)) for address, here, words in found]


def test_the_tab_of_the_view_that_is_shown_is_marked_and_no_other(viewer: Browser) -> None:
    keep(viewer, "Big in yen", currency="JPY", least="500")
    for address, name in (
        (LIST, "All"),
        (f"{LIST}?status=refunded", "Refunded"),
        (f"{LIST}?currency=JPY&least=500", "Big in yen"),
    ):
        assert [words for _, words, here in tabs(viewer.get(address).text) if here] == [name]
    assert not [each for each in tabs(viewer.get(f"{LIST}?currency=USD").text) if each[2]]


def test_a_view_is_saved_where_it_is_new_and_removed_where_it_is_shown(viewer: Browser) -> None:
    shown = f"{LIST}?currency=JPY"
    assert "Save this view" in viewer.get(shown).text
    keep(viewer, "Yen", currency="JPY")
    page = viewer.get(shown).text
    assert "Save this view" not in page
    assert "Remove the view Yen" in page
    assert "Save this view" not in viewer.get(LIST).text


def test_a_filter_is_the_member_s_own(viewer: Browser, support: Browser) -> None:
    keep(viewer, "Mine", status="failed")
    assert "Mine" not in support.get(LIST).text


def test_a_filter_can_be_forgotten_by_its_owner_only(viewer: Browser, support: Browser) -> None:
    keep(viewer, "Mine", status="failed")
    shown = viewer.get(f"{LIST}?status=failed").text
    found = re.search(r"/staff/filters/\d+/removal", shown)
    assert found
    support.post(found[0])
    assert "Mine" in viewer.get(LIST).text
    viewer.post(found[0])
    assert "Mine" not in viewer.get(LIST).text


def test_a_name_is_taken_once(viewer: Browser) -> None:
    assert keep(viewer, "Mine", status="failed") == 303
    assert keep(viewer, " Mine ", status="pending") == 422


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_a_filter_needs_a_name_that_fits(viewer: Browser, name: str) -> None:
    assert keep(viewer, name, status="failed") == 422


def test_nothing_is_not_kept_as_a_filter(viewer: Browser) -> None:
    assert keep(viewer, "Nothing") == 422


def test_what_is_no_filter_is_not_kept(viewer: Browser) -> None:
    keep(viewer, "Odd", status="failed", evil="1")
    assert "evil" not in viewer.get(LIST).text


def test_a_member_keeps_so_many_and_no_more(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_filters, "MOST", 2)
    assert [keep(viewer, name, status="failed") for name in "abc"] == [303, 303, 422]


def test_a_name_is_only_ever_text(viewer: Browser) -> None:
    keep(viewer, "<b>bold</b>", status="failed")
    assert "&lt;b&gt;bold" in viewer.get(LIST).text
