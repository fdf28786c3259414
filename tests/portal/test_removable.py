"""The portal can be taken out: its folders, its page in docs, and one line of registration."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
OWN = ("payments_app/portal/", "templates/portal/", "tests/portal/", "docs/portal.md")
NAMED = re.compile(r"payments_app\.portal|[\"'(]/portal\b|[\"']portal[/.]|portal\.md")


def test_nothing_else_needs_it() -> None:
    folders = "payments_app templates static tests demo chaos bench deploy docs".split()
    found = {
        f"{path}: {line.strip()}"
        for folder in folders
        for file in [REPOSITORY / "README.md", *(REPOSITORY / folder).rglob("*")]
        if file.suffix in {".py", ".html", ".js", ".txt", ".conf", ".md"}
        and not (path := file.relative_to(REPOSITORY).as_posix()).startswith(OWN)
        for line in file.read_text(encoding="utf-8").splitlines()
        if NAMED.search(line)
    }
    assert found == {
        'payments_app/__init__.py: OPTIONAL: tuple[str, ...] = ("payments_app.portal",)',
    }
