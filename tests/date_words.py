"""Days and moments that a page writes in another way than all pages do."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from tests.accounts.staff_driver import Browser

ROOT = Path(__file__).parents[1]
FORMAT = re.compile(r"strftime\(|:%[a-zA-Z]|isoformat\(sep")
MONTH_ALONE = re.compile(r"%B %Y|%a\b")  # a month of the reports, and a day of the week
OTHER = re.compile(
    r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}\b"
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
    """Days in another form on these pages, each with its page: not the search box's example."""
    found = []
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        found += [(path, each[0]) for each in OTHER.finditer(shown(answer.text))]
    return [each for each in found if "Nov 22" not in each[1]]


def shown(page: str) -> str:
    """What a page shows, without what its author typed or its search box offers."""
    bare = re.sub(r"(?s)<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page)
    return html.unescape(bare)
