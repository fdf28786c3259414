"""The table of `make bench`, and what people write below it."""

from pathlib import Path

from bench.table import END, Row, write


def test_what_is_written_below_the_table_stays_and_the_table_itself_is_new(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    write(page, [Row("a charge", "at most 24", "67", "", False)], 60)
    page.write_text(page.read_text() + "\n## What was missed, and why\n\n| by | hand |\n")

    write(page, [Row("a charge", "at most 24", "24", "", True)], 60)

    above, _, below = page.read_text().partition(END)
    assert "| a charge | at most 24 | 24 |  | met |" in above
    assert "67" not in above
    assert below == "\n\n## What was missed, and why\n\n| by | hand |\n"


def test_a_page_without_the_line_is_written_anew_with_it(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# Older\n")

    write(page, [Row("a charge", "at most 24", "24", "", True)], 60)

    assert "Older" not in page.read_text()
    assert page.read_text().endswith(f"{END}\n")
