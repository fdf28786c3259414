"""Charts as numbers for an SVG: worked out here, drawn by a template, with the table beside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from payments_app.core.ago import day_shown

WIDTH, HEIGHT = 640, 180


@dataclass(frozen=True)
class Bar:
    """A rectangle of the drawing, and the words that belong to it."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Bars:
    """A bar for each day. `top` is what the full height stands for, in words."""

    bars: list[Bar]
    first: dt.date
    last: dt.date
    top: str


@dataclass(frozen=True)
class Line:
    """A line from 0 to 100 %, in pieces: a day without a value is a gap, not a zero. `dots` are
    the days on their own and the last one, whose value is `words`."""

    pieces: list[str]
    dots: list[tuple[float, float]]
    first: dt.date
    last: dt.date
    words: str


@dataclass(frozen=True)
class Beside:
    """Two lines from 0 that only rise, of a day and of another one, and where the first ends."""

    day: str
    before: str
    end: tuple[float, float]


def bars(dates: Sequence[dt.date], values: Sequence[int], words: Sequence[str]) -> Bars:
    """A bar chart of values that are not negative; `words` says each of them."""
    most = max(values, default=0) or 1
    step = WIDTH / len(dates)
    drawn = [
        Bar(
            round(n * step + step * 0.1, 2),
            round(HEIGHT - HEIGHT * value / most, 2),
            round(step * 0.8, 2),
            round(HEIGHT * value / most, 2),
            f"{day_shown(date)}: {text}",
        )
        for n, (date, value, text) in enumerate(zip(dates, values, words, strict=True))
    ]
    top = words[values.index(max(values))] if any(values) else ""
    return Bars(drawn, dates[0], dates[-1], top)


def line(dates: Sequence[dt.date], values: Sequence[float | None]) -> Line:
    """A line chart of percentages."""
    step = WIDTH / len(dates)
    pieces: list[list[tuple[float, float]]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            point = (round((n + 0.5) * step, 2), round(HEIGHT - HEIGHT * value / 100, 2))
            pieces[-1].append(point)
    runs = [piece for piece in pieces if piece]
    dots = [run[0] for run in runs if len(run) == 1] + [run[-1] for run in runs[-1:]]
    drawn = [" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1]
    known = [value for value in values if value is not None]
    words = f"{known[-1]:.1f} %" if known else ""
    return Line(drawn, dots, dates[0], dates[-1], words)


def beside(day: Sequence[int], before: Sequence[int]) -> Beside:
    """What a day's hours summed up to so far (not negative), and those of the other, whole one."""
    most, step = max([*day, *before, 1]), WIDTH / max(len(before), 1)
    points = [
        [(0.0, float(HEIGHT))]
        + [
            (round(min((n + 1) * step, WIDTH), 2), round(HEIGHT - HEIGHT * value / most, 2))
            for n, value in enumerate(values)
        ]
        for values in (day, before)
    ]
    drawn = [" ".join(f"{x},{y}" for x, y in line) for line in points]
    return Beside(drawn[0], drawn[1], points[0][-1])
