"""brand: the tones of a shop's own colour that can be read on our pages and in our mails, whatever
the colour is.

Contrast is that of WCAG 2.2, from 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

OURS = "#1f4f46"  # where the shop says none: that of `site.css`
# What texts stand on in `site.css`, in each theme.
GROUNDS = {
    "light": ("#ffffff", "#f5f5f0", "#f2f5ee"),
    "dark": ("#191e26", "#11151b", "#202a29"),
}
TEXT, SHAPE = 4.5, 3.0  # the least contrast of a text, and of what is seen by its shape
_TURNED = 10.0  # of a fill without a colour of its own: white on white, black on black
_COLORFUL = 48  # of 255 between the strongest and the weakest part of a colour
_OTHER_END = {"light": "#000000", "dark": "#ffffff"}
_HOVER = 0.12


@dataclass(frozen=True)
class Tones:
    """Of one colour in one theme, as #rrggbb. `fill` is that of the main button, `on_fill` the
    text on it, `edge` its border, `fill_dark` its fill below the pointer; `accent` is of links."""

    accent: str
    fill: str
    fill_dark: str
    edge: str
    on_fill: str


def tones(color: str, theme: str) -> Tones:
    """The tones of a colour, given as #rrggbb, in the theme `light` or `dark`.

    A colour that is too close to the page is made darker, or lighter in the dark theme, until it
    stands out. A light one that nobody takes for white is kept for the button, with an edge that
    stands out.
    """
    end, grounds = _OTHER_END[theme], GROUNDS[theme]
    shape = _moved_until(color, end, grounds, SHAPE)
    kept = shape == color or (theme == "light" and _spread(color) >= _COLORFUL)
    if kept:
        fill = color
    else:
        fill = shape if _spread(color) >= _COLORFUL else _moved_until(color, end, grounds, _TURNED)
    on_fill = "#ffffff" if contrast("#ffffff", fill) >= TEXT else "#000000"
    darker = mixed(fill, "#000000", _HOVER)
    readable = contrast(on_fill, darker) >= TEXT
    return Tones(
        accent=_moved_until(color, end, grounds, TEXT),
        fill=fill,
        fill_dark=darker if readable else mixed(fill, "#ffffff", _HOVER),
        edge=shape if kept else fill,
        on_fill=on_fill,
    )


def sheet(color: str) -> str:
    """A style sheet that puts the tones in place of ours, after `site.css`."""
    light, dark = (_properties(tones(color, theme)) for theme in ("light", "dark"))
    media = "@media screen and (prefers-color-scheme: dark)"
    return f":root {{ {light} }}\n{media} {{ :root {{ {dark} }} }}\n"


def contrast(one: str, other: str) -> float:
    """Of two colours, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(color: str, other: str, share: float) -> str:
    """The colour with so much of the other in it, 0 to 1."""
    pairs = zip(_parts(color), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _moved_until(color: str, end: str, grounds: tuple[str, ...], least: float) -> str:
    """As little towards black or white as gives it that contrast to each of the grounds."""
    steps = (_moved(color, end, percent / 100) for percent in range(101))
    return next(one for one in steps if all(contrast(one, each) >= least for each in grounds))


def _moved(color: str, end: str, share: float) -> str:
    """With a hue to keep, in lightness alone: mixed with white, navy would be grey."""
    if _spread(color) < _COLORFUL:
        return mixed(color, end, share)
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _parts(color)))
    lightness += ((end == "#ffffff") - lightness) * share
    parts = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def _properties(of: Tones) -> str:
    return (
        f"--accent: {of.accent}; --fill: {of.fill}; --fill-dark: {of.fill_dark};"
        f" --fill-edge: {of.edge}; --on-fill: {of.on_fill};"
    )


def _parts(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def _spread(color: str) -> int:
    return max(_parts(color)) - min(_parts(color))


def _luminance(color: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in _parts(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
