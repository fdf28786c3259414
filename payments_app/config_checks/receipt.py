"""What a receipt tells of its seller beside the name: address and tax id."""

from __future__ import annotations

from collections.abc import Mapping

MOST_LINES, MOST_LINE = 6, 60  # of an address: so a receipt stays on one page
MOST_TAX_ID = 60


def address_lines(text: str) -> tuple[str, ...]:
    """The lines of an address that has | between them. Raises ValueError with what it must be."""
    lines = tuple(line for part in text.split("|") if (line := part.strip()))
    if not 1 <= len(lines) <= MOST_LINES or not all(_fits(line, MOST_LINE) for line in lines):
        raise ValueError(
            f"1 to {MOST_LINES} lines with | between them, each of at most {MOST_LINE} characters"
            " that can be printed"
        )
    return lines


def tax_id(text: str) -> str:
    """A tax id without the space around it. Raises ValueError with what it must be."""
    if not _fits(stripped := text.strip(), MOST_TAX_ID):
        raise ValueError(f"1 to {MOST_TAX_ID} characters that can be printed")
    return stripped


def _fits(text: str, most: int) -> bool:
    return 1 <= len(text) <= most and text.isprintable()


def _check_receipt(env: Mapping[str, str]) -> list[str]:
    problems = []
    for name, read in (("SHOP_ADDRESS", address_lines), ("SHOP_TAX_ID", tax_id)):
        try:
            read(env.get(name) or "x")
        except ValueError as error:
            problems.append(f"{name} must be {error}")
    return problems


CHECKS = (_check_receipt,)
