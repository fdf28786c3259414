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
BEFORE, WITH_PAYMENTS = re.findall(
    r"```python\n# hotel\.py[^\n]*\n(.*?)```", (ROOT / "docs/embedding.md").read_text(), re.DOTALL
)


def added() -> list[str]:
    """The lines that payments add to the hotel."""
    lines = difflib.ndiff(BEFORE.splitlines(), WITH_PAYMENTS.splitlines())
    return [line for line in lines if line.startswith("+ ") and line.strip() != "+"]


def lay(directory: Path, *, payments: bool = True) -> Path:
    """Write the hotel into a directory, which is the working directory of its commands."""
    (directory / "hotel.py").write_text(WITH_PAYMENTS if payments else BEFORE)
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
