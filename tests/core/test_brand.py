"""Whatever colour a shop has, what is written in it and on it can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from payments_app.core.brand import GROUNDS, OURS, SHAPE, TEXT, Tones, contrast, sheet, tones

SHEET = Path(__file__).parents[2] / "static" / "css" / "site.css"
THEMES = ("light", "dark")
COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
YELLOW, NAVY, BLACK, WHITE = "#ffd400", "#10104a", "#0a0a0a", "#fefefe"


def themes_of_the_sheet() -> dict[str, dict[str, str]]:
    text = SHEET.read_text()
    light, dark = re.findall(r":root \{(.*?)\}", text, re.DOTALL)[:2]
    both = (dict(re.findall(r"--([\w-]+): (#\w+);", part)) for part in (light, dark))
    return dict(zip(THEMES, both, strict=True))


def long_form(color: str) -> str:
    return color if len(color) == 7 else "#" + "".join(2 * digit for digit in color[1:])


def test_contrast_is_what_the_guidelines_say() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#ffffff", "#767676") == contrast("#767676", "#ffffff")


@given(COLORS)
@example(YELLOW)
@example(NAVY)
@example(BLACK)
@example(WHITE)
@example("#777777")
@example(OURS)
def test_any_colour_can_be_read_in_both_themes(color: str) -> None:
    for theme in THEMES:
        of = tones(color, theme)
        assert contrast(of.on_fill, of.fill) >= TEXT
        assert contrast(of.on_fill, of.fill_dark) >= TEXT
        assert of.on_fill in ("#000000", "#ffffff")
        for ground in GROUNDS[theme]:
            assert contrast(of.accent, ground) >= TEXT
            assert contrast(of.edge, ground) >= SHAPE


def test_a_colour_that_stands_out_is_left_as_it_is() -> None:
    assert tones("#2457d6", "light") == Tones(
        accent="#2457d6",
        fill="#2457d6",
        fill_dark="#204dbc",
        edge="#2457d6",
        on_fill="#ffffff",
    )
    assert tones(YELLOW, "dark").fill == YELLOW


def test_a_bright_colour_keeps_its_button_and_gets_an_edge() -> None:
    of = tones(YELLOW, "light")
    assert (of.fill, of.on_fill) == (YELLOW, "#000000")
    assert of.edge not in (of.fill, of.accent)


def test_a_dark_colour_keeps_its_hue_in_the_dark_theme() -> None:
    red, green, blue = bytes.fromhex(tones(NAVY, "dark").fill[1:])
    assert red == green
    assert blue > red + 100


def test_black_and_white_turn_round_where_the_page_is_alike() -> None:
    assert contrast(tones(BLACK, "dark").fill, GROUNDS["dark"][0]) >= 10
    assert contrast(tones(WHITE, "light").fill, GROUNDS["light"][0]) >= 10


def test_the_grounds_are_those_of_our_sheet_and_its_own_colours_hold_as_well() -> None:
    for theme, said in themes_of_the_sheet().items():
        grounds = tuple(long_form(said[name]) for name in ("paper", "ground", "notice-ground"))
        assert grounds == GROUNDS[theme]
        fills = [long_form(said[name]) for name in ("fill", "fill-dark", "good")]
        assert [one for one in fills if contrast("#ffffff", one) < TEXT] == []
        for ground in grounds:
            assert contrast(long_form(said["accent"]), ground) >= TEXT
        assert contrast(long_form(said["paper"]), long_form(said["muted"])) >= TEXT


def test_our_own_colour_is_the_sheet_s() -> None:
    said = themes_of_the_sheet()["light"]
    assert (said["accent"], said["fill"]) == (OURS, OURS)


def test_the_sheet_of_a_colour_says_every_property_of_both_themes() -> None:
    light, dark = sheet(YELLOW).splitlines()
    for line in (light, dark):
        names = set(re.findall(r"--([\w-]+): #[0-9a-f]{6};", line))
        assert names == {"accent", "fill", "fill-dark", "fill-edge", "on-fill"}
        assert all(f"--{name}:" in SHEET.read_text() for name in names)
    assert "(prefers-color-scheme: dark)" in dark
