"""The product's own comparison finds no difference in the books, once nothing moves any more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping

from chaos.invariants import Violation
from parts.app import REPOSITORY

RULE = "its_own_comparison_finds_nothing"


def false_alarms(product: str, settings: Mapping[str, str]) -> tuple[list[Violation], Counter[str]]:
    """What the comparison finds; and, by kind, what its rounds had found while buyers came.
    `product` is where the application is, `settings` are its environment."""
    done = subprocess.run(
        [sys.executable, "-m", "chaos.compare_now", product],
        env=os.environ | settings,
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return [Violation(RULE, f"it could not compare: {done.stderr[-500:]}")], Counter()
    said = json.loads(done.stdout.splitlines()[-1])
    return [Violation(RULE, words) for words in said["found"]], Counter(said["before"])
