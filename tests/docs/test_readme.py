"""The README tells what the code does."""

from __future__ import annotations

import re
import subprocess
import uuid
from pathlib import Path

from payments_app.payments.states import MACHINE

ROOT = Path(__file__).parents[2]


def test_the_readmes_diagram_is_the_table_of_moves() -> None:
    drawn = re.search(r"```mermaid\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert drawn is not None
    assert drawn[1].strip() == MACHINE.diagram()


def test_the_readme_names_every_setting_of_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    readme = (ROOT / "README.md").read_text()
    settings = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)
    assert [name for name in settings if f"`{name}`" not in readme] == []


def test_the_readmes_purchase_has_a_random_key() -> None:
    minted = re.search(r'-H "Idempotency-Key: (.+)"', (ROOT / "README.md").read_text())
    assert minted is not None
    told = subprocess.run(["sh", "-c", f'echo "{minted[1]}"'], capture_output=True, check=True)
    assert uuid.UUID(told.stdout.decode().strip()).version == 4


def test_every_file_that_the_documents_name_is_there() -> None:
    missing = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text()):
            if not (page.parent / target).exists():
                missing.append(f"{page.name}: {target}")
    assert missing == []


def test_every_heading_that_a_link_names_is_there() -> None:
    missing = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target, heading in re.findall(r"\]\(([^)#:]*)#([\w-]+)\)", page.read_text()):
            text = (page.parent / target).read_text() if target else page.read_text()
            headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
            if heading not in slugs:
                missing.append(f"{page.name}: {target}#{heading}")
    assert missing == []


def test_the_first_screen_leads_to_the_three_ways() -> None:
    first = (ROOT / "README.md").read_text().splitlines()[:30]
    ways = [line for line in first if line.startswith("- **")][-3:]
    assert [re.findall(r"\*\*(.+?)\*\*", way)[0] for way in ways] == [
        "A service",
        "Inside a Flask application",
        "A shop of its own",
    ]
    said = "\n".join(first)
    for page in ("docs/quickstart-api.md", "docs/embedding.md", "(#run-it)"):
        assert page in said
