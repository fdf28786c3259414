"""The deploy page says of every setting what it may be."""

from __future__ import annotations

import re
from pathlib import Path

from payments_app.config_checks import SETTINGS

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"


def test_every_setting_has_a_row_and_no_other() -> None:
    table = PAGE.read_text().partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?`) \| .+ \| .+ \|$", table, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    assert sorted(named) == sorted(SETTINGS)
