"""csv_file: lines of a CSV file that a spreadsheet opens as it was meant.

It begins with a byte order mark: without one Excel reads UTF-8 as the system's own code page. Text
is never a formula; numbers are given as numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

BOM = "\ufeff"
# What a spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def header(names: Sequence[str]) -> str:
    """The first line. Raises ValueError where two columns have one name: whoever reads the file by
    names would lose one."""
    if len(set(names)) != len(names):
        raise ValueError(f"two columns have one name: {names}")
    return BOM + line(names)


def line(cells: Sequence[str | int | Decimal | None]) -> str:
    """One line; None is an empty cell."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_safe(cell) if isinstance(cell, str) else cell for cell in cells])
    return buffer.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
