"""A package's opening lines say what its code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.openings_of import facts, packages

ROOT = Path(__file__).parents[2]
PACKAGES = [name for name in packages(ROOT) if name != "payments_app"]


def _said(package: str) -> dict[str, str]:
    text = (ROOT / package.replace(".", "/") / "__init__.py").read_text()
    lines = re.findall(r"^(\w+):\s+(.*?)(?=^\w+:|^\"\"\")", text, re.MULTILINE | re.DOTALL)
    return {label: " ".join(words.split()) for label, words in lines}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_opening_lines_of_a_package_are_true(package: str) -> None:
    said, true = _said(package), facts(ROOT, package)
    assert list(said) == ["Owns", "Imports", "Publishes", "Subscribes"]
    assert said["Imports"] == true.imports
    assert said["Publishes"] == true.publishes
    assert said["Subscribes"] == true.subscribes


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_begins_with_its_own_name(package: str) -> None:
    text = (ROOT / package.replace(".", "/") / "__init__.py").read_text()
    assert text.startswith(f'"""{package.removeprefix("payments_app.")}: ')
