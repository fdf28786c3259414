"""Reading a CSV file as a spreadsheet does."""

from __future__ import annotations

import csv
import io

from payments_app.core.csv_file import BOM


def csv_rows(text: str) -> list[dict[str, str]]:
    """Its rows by the names of the columns, no two of which are one."""
    assert text.startswith(BOM)
    rows = csv.DictReader(io.StringIO(text.removeprefix(BOM)))
    names = list(rows.fieldnames or ())
    assert len(set(names)) == len(names)
    return list(rows)
