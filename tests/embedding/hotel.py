"""The host application of docs/embedding.md, as the page has it."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/embedding.md").read_text()
BEFORE, WITH_PAYMENTS = re.findall(r"```python\n# hotel\.py[^\n]*\n(.*?)```", PAGE, re.DOTALL)
# What the page adds to it, or has beside it, by the names in their first lines.
(AFTER_REFUND,) = re.findall(r"```python\n# Booking, after a refund\n(.*?)```", PAGE, re.DOTALL)
BESIDE = dict(re.findall(r"```python\n# ((?:bills|refund)\.py)\n(.*?)```", PAGE, re.DOTALL))
# What the page has somebody type in a shell, by the names in its comments.
TYPED = {
    name: re.sub("^    ", "", lines, flags=re.MULTILINE)
    for name, lines in re.findall(r"<!-- (\w+) -->\n\n((?:    .*\n)+)", PAGE)
}
PORTS = ("6390", "12111", "8000")


def added() -> list[str]:
    """The lines that payments add to the hotel."""
    lines = difflib.ndiff(BEFORE.splitlines(), WITH_PAYMENTS.splitlines())
    return [line for line in lines if line.startswith("+ ") and line.strip() != "+"]


def lay(directory: Path, *, payments: bool = True) -> Path:
    """Write the hotel into a directory, which is the working directory of its commands."""
    (directory / "hotel.py").write_text(WITH_PAYMENTS if payments else BEFORE)
    return directory


def lay_all(directory: Path) -> Path:
    """The same with what the page adds to it later."""
    whole = WITH_PAYMENTS.replace("\n\ndef create_app", f"\n{AFTER_REFUND}\n\ndef create_app")
    (directory / "hotel.py").write_text(whole)
    for name, code in BESIDE.items():
        (directory / name).write_text(code)
    return directory


def flask(
    at: Path,
    settings: Mapping[str, str],
    *words: str,
    app: str = "hotel",
    python: Path | str = sys.executable,
) -> str:
    """What a command prints. Raises AssertionError where it fails."""
    env = os.environ | settings
    if python == sys.executable and app == "hotel":
        env |= {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [str(python), "-m", "flask", "--app", app, *words],
        cwd=at,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
