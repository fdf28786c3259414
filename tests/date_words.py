"""Days and moments that a page writes in another way than all pages do."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from tests.accounts.staff_driver import Browser

ROOT = Path(__file__).parents[1]
FORMAT = re.compile(
    r"strftime\(|:%[a-zA-Z]|isoformat\(sep|\bformat_(?:date|datetime|time|skeleton)\("
)
MONTH_ALONE = re.compile(r"%B %Y|%a\b")  # a month of the reports, and a day of the week
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
OTHER = re.compile(
    r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b"
    rf"|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:of )?{_MONTH}(?![A-Za-z])"
    r"|\b\d{1,2}/\d{1,2}/\d{2}\b|(?<![\d:])\d:\d\d(?::\d\d)? [AP]M"
)


def own_formats(areas: Iterable[str], elsewhere: Collection[str]) -> list[tuple[str, list[str]]]:
    """Files of these areas, but for those named, with the lines that format a day themselves."""
    found = []
    for area in areas:
        for root, files in (("payments_app", "*.py"), ("templates", "*")):
            for path in (ROOT / root / area).rglob(files):
                name = str(path.relative_to(ROOT / root))
                if path.is_dir() or name in elsewhere or path.suffix == ".pyc":
                    continue
                lines = path.read_text().splitlines()
                if own := [line for line in lines if FORMAT.search(MONTH_ALONE.sub("", line))]:
                    found.append((name, own))
    return found


def printed_otherwise(browser: Browser, paths: Iterable[str]) -> list[tuple[str, str]]:
    """Days in another form on these pages, each with its page."""
    found = []
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        found += [(path, each) for each in written_otherwise(shown(answer.text))]
    return found


def written_otherwise(words: str) -> list[str]:
    """Days in another form in these words, with a year or without."""
    return [each[0] for each in OTHER.finditer(words)]


def shown(page: str) -> str:
    """What a page shows, without what its author typed or its search box offers."""
    bare = re.sub(r"(?s)<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page)
    return html.unescape(bare)
