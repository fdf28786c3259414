"""Pictures of pages, in both themes and two widths, and contact sheets of them all: so many
states to a sheet that it can be looked at as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest
from playwright.sync_api import Browser

from tests.browser.buyer import Buyer

Test = TypeVar("Test", bound=Callable[..., Any])
DIRECTORY = os.environ.get("PICTURES", "")
MARKS = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not DIRECTORY, reason="`make pictures` takes them"),
]
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    *((390, "light"), (390, "dark")),
    *((1280, "light"), (1280, "dark")),
)
HEIGHT = 844
OF_THE_README = ("form-plan", "bank", "thank-you", "declined")
README_WIDTH = 1640
SHEET_WIDTH, STATES_TO_A_SHEET = 1900, 5
# A frame of another origin is painted by a process of its own, later than the page around it.
_PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_ROW = (
    "body{background:#e0e4e8;display:flex;gap:16px;margin:16px}"
    "img{height:880px;object-fit:none;object-position:top;background:#f5f5f0}"
)
_STYLE = "body{font:14px sans-serif;background:#999} img{vertical-align:top;margin:4px}"


def takes(*names: str) -> Callable[[Test], Test]:
    """Marks a test with the pictures that it takes: just these, or it fails."""

    def mark(test: Test) -> Test:
        test.__dict__["pictures_taken"] = names
        return test

    return mark


def said_of(test: Callable[..., Any]) -> tuple[str, ...]:
    """The pictures that it takes."""
    names: tuple[str, ...] = getattr(test, "pictures_taken", ())
    return names


class Pictures:
    """Takes the page that a buyer sees, in each look."""

    def __init__(self) -> None:
        self.directory = Path(DIRECTORY).resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.names: list[str] = []

    def __call__(self, buyer: Buyer, name: str) -> None:
        assert name not in self.names, f"two pictures are called {name}"
        self.names.append(name)
        for width, theme in LOOKS:
            buyer.page.set_viewport_size({"width": width, "height": HEIGHT})
            buyer.page.emulate_media(color_scheme=theme)
            height = buyer.page.evaluate("document.documentElement.scrollHeight")
            buyer.page.set_viewport_size({"width": width, "height": max(height, HEIGHT)})
            for frame in buyer.page.frames[1:]:
                if frame.frame_element().is_visible():  # one that is hidden is never painted
                    frame.evaluate(_PAINTED)
            path = self.directory / f"{name}-{width}-{theme}.png"
            buyer.page.screenshot(path=path, full_page=True)

    def write_sheets(self, browser: Browser) -> None:
        """As contact-sheet-1.png and so on; all of them on one page as index.html, some
        as readme.png."""
        page = browser.new_page(viewport={"width": SHEET_WIDTH, "height": 900})
        index = self.directory / "index.html"
        for first in range(0, len(self.names), STATES_TO_A_SHEET):
            index.write_text(_sheet(self.names[first : first + STATES_TO_A_SHEET]))
            page.goto(index.as_uri())
            number = first // STATES_TO_A_SHEET + 1
            page.screenshot(path=self.directory / f"contact-sheet-{number}.png", full_page=True)
        if set(OF_THE_README) <= set(self.names):
            index.write_text(_row())
            page.set_viewport_size({"width": README_WIDTH, "height": 912})
            page.goto(index.as_uri())
            page.screenshot(path=self.directory / "readme.png")
        page.close()
        index.write_text(_sheet(self.names))


def _row() -> str:
    """The picture of the README, docs/images/checkout.png: a payment on a phone."""
    pictures = (f'<img src="{name}-390-light.png" width="390">' for name in OF_THE_README)
    return f"<!doctype html><meta charset=utf-8><style>{_ROW}</style>{''.join(pictures)}"


def _sheet(names: list[str]) -> str:
    rows = []
    for name in names:
        pictures = (
            f'<img src="{name}-{width}-{theme}.png" width="{width // 3}">' for width, theme in LOOKS
        )
        rows.append(f"<h2>{escape(name)}</h2><p>{' '.join(pictures)}</p>")
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{''.join(rows)}"
