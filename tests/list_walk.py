"""Lists that a page shows in part: the way from its first page leads to all of its rows."""

from __future__ import annotations

import html
import importlib
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.accounts.staff_driver import Browser

PACKAGE = Path(__file__).parents[1] / "payments_app"
SIZE = 2
# The page, the limits of its list by module, what names a row there, and the anchor of the list
# where a page has many.
Listed = tuple[str, str, str, str | None]


def check_all_led_to(
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    listed: Listed,
    count: int,
    **ids: str,
) -> None:
    """Cut to SIZE rows a page, the list still leads to all `count` of them. `ids` are those that
    its address names."""
    place, limits, row, anchor = listed
    path = place.format(**ids)
    whole = set(re.findall(row, browser.get(path).text))
    for name in limits.split():
        module, _, constant = f"payments_app.{name}".rpartition(".")
        monkeypatch.setattr(importlib.import_module(module), constant, SIZE)
    first = browser.get(path).text
    assert len(whole) == count
    assert set(re.findall(row, first)) < whole or anchor == "timeline"
    assert walk(browser, path, row, anchor) == whole
    assert not anchor or anchor == "timeline" or re.search(r" of \d+ shown", first)


def ways(page: str, anchor: str | None) -> list[str]:
    """Where the next pages of a list are, as its page links them."""
    found = re.findall(
        r'<a\s+(?:class="[^"]*"\s+)?(?:rel="next"\s+)?href="([^"]+)"[^>]*>([^<]+)</a>', page
    )
    words = ("Next", "Older", "Earlier attempts", "Show more")
    links = [html.unescape(href) for href, label in found if label.strip().startswith(words)]
    return [link for link in links if anchor is None or link.endswith(f"#{anchor}")]


def walk(browser: Browser, path: str, row: str, anchor: str | None) -> set[str]:
    """All rows that the way from a page leads to."""
    seen: set[str] = set()
    left, been = [path], set()
    while left:
        if (here := left.pop().partition("#")[0]) in been:
            continue
        been.add(here)
        answer = browser.get(here)
        assert answer.status_code == 200, here
        seen |= set(re.findall(row, answer.text))
        left += ways(answer.text, anchor)
    return seen


def unknown_limits(package: str, lists: Iterable[Listed], elsewhere: dict[str, str]) -> set[str]:
    """Limits in a package's code that are neither those of these lists nor explained."""
    walked = {name.rpartition(".")[2] for _, limits, _, _ in lists for name in limits.split()}
    found = set[str]()
    for path in (PACKAGE / package).rglob("*.py"):
        code = path.read_text()
        found |= set(re.findall(r"\.limit\(([^()]+)\)", code))
        found |= set(re.findall(r'(?:part|scalars)_of\(\w+, [^"]+"\w+", ([^)]+)\)', code))
    return {
        limit
        for limit in found - set(elsewhere)
        if limit.removeprefix("2 * ").removesuffix(" + 1") not in walked | {"size", "limit"}
    }
