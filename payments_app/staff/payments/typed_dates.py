"""Days as people write them: "yesterday", "Tuesday", "Nov 25", "25.11.2026", "11/25/2026 02:47 PM",
"November 2026". No query here."""

from __future__ import annotations

import datetime as dt
import re

from payments_app.core.ago import DAY, day_shown

Days = tuple[dt.date, dt.date]  # the first and the last

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS = "mon tue wed thu fri sat sun".split()
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_FORMS = [
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<day>\d{1,2})",
        rf"(?P<m>\d{{1,2}})/(?P<day>\d{{1,2}})(?:/{_YEAR})?",
        rf"(?P<day>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\.(?:\s?{_YEAR})?",
        rf"(?P<day>\d{{1,2}})-(?P<m>\d{{1,2}})-{_YEAR}",
        rf"{_MONTH}\s+{_DAY}(?:,?\s+{_YEAR})?",
        rf"{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?",
    )
]
_MONTH_ALONE = re.compile(rf"{_MONTH}(?:,?\s+(?P<year>\d{{4}}))?")
_MONTH_NAME = re.compile(r"[a-z]{3,9}")
# As a clock shows it behind a day, with a zone's name.
_TIME = re.compile(
    r"[,t]?\s*(?:at\s+)?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[ap]m)?\s*(?:\w{1,5})?$"
)
_FULL_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_FULL_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


def read_days(typed: str, today: dt.date) -> Days | None:
    """The days that are meant, the first and the last; None for anything else. Without a year the
    last such day is meant, and "Tuesday" is the last one, today among them."""
    text = re.sub(r"\s+", " ", typed.strip().lower())
    text = re.sub(r"^(?:on|from|since) ", "", _TIME.sub("", text)).strip(" ,")
    found = _named(text, today) or _weekday(text, today)
    if found:
        return found
    # The day of the week before a date says nothing more.
    text = re.sub(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? (?=\d|[a-z]{3})", "", text)
    for form in _FORMS:
        match = form.fullmatch(text)
        day = _day(match.groupdict(), today) if match else None
        if day:
            return day, day
    return _month(text, today)


def describe(days: Days) -> str:
    """The days in one way, whichever way they were typed."""
    first, last = days
    if first == last:
        return _words(first)
    return f"{_words(first)} to {_words(last)}"


def _words(day: dt.date) -> str:
    return f"{day:%a} {day_shown(day)}"


def _named(text: str, today: dt.date) -> Days | None:
    monday, first = today - dt.timedelta(days=today.weekday()), today.replace(day=1)
    before = first - dt.timedelta(days=1)
    day, week = dt.timedelta(days=1), dt.timedelta(days=7)
    return {
        "today": (today, today),
        "yesterday": (today - day, today - day),
        "the day before yesterday": (today - 2 * day, today - 2 * day),
        "this week": (monday, today),
        "last week": (monday - week, monday - day),
        "this month": (first, today),
        "last month": (before.replace(day=1), before),
    }.get(text)


def _weekday(text: str, today: dt.date) -> Days | None:
    name = text.removeprefix("last ").strip(".")
    number = next((i for i, w in enumerate(_FULL_WEEKDAYS) if name in (w, _WEEKDAYS[i])), None)
    if number is None:
        return None
    back = (today.weekday() - number) % 7
    if back == 0 and text.startswith("last "):
        back = 7
    day = today - dt.timedelta(days=back)
    return day, day


def _day(found: dict[str, str | None], today: dt.date) -> dt.date | None:
    day = int(found["day"] or 0)
    name = found.get("month")
    month = _MONTHS.index(name) + 1 if name else int(found.get("m") or 0)
    year = found.get("year")
    if month > 12 >= day and not name:
        day, month = month, day  # 25/11 can only be the 25th of November
    if year:
        return _of(int(year) + (2000 if len(year) == 2 else 0), month, day)
    this = _of(today.year, month, day)
    if this is None or this <= today:
        return this or _of(today.year - 1, month, day)
    return _of(today.year - 1, month, day)


def _month(text: str, today: dt.date) -> Days | None:
    match = _MONTH_ALONE.fullmatch(text)
    if match is None:
        return None
    word = re.split(r"[\s,.]", text)[0]
    if word not in _MONTHS and word not in _FULL_MONTHS:
        return None
    month, given = _MONTHS.index(match["month"]) + 1, match["year"]
    year = int(given) if given else today.year - (month > today.month)
    first = _of(year, month, 1)
    if first is None:
        return None
    after = dt.date(year + month // 12, month % 12 + 1, 1)
    return first, after - dt.timedelta(days=1)


def _of(year: int, month: int, day: int) -> dt.date | None:
    try:
        found = dt.date(year, month, day)
    except ValueError:
        return None
    return found if 2000 <= year <= 2200 else None


def read_day(text: str, today: dt.date) -> dt.date | None:
    """`today`, 2026-11-22 or 11/22/2026; None for anything else."""
    if text == "today":
        return today
    for form in ("%Y-%m-%d", DAY):
        try:
            day = dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return day if 2000 <= day.year <= 2200 else None
    return None
