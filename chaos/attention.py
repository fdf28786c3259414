"""What is stored of each payment is what is so with it."""

from __future__ import annotations

import os
import subprocess

from chaos.invariants import Violation
from chaos.site import Site
from parts.app import REPOSITORY

REBUILD = ("attention", "rebuild", "--dry-run")


def not_as_it_is(site: Site) -> list[Violation]:
    """What the product's own command would store otherwise, once nothing moves any more."""
    done = subprocess.run(
        site.flask(*REBUILD),
        env=os.environ | site.settings,
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    *differing, last = done.stdout.splitlines()
    found = differing if last == "0 differences" else [*differing, last]
    return [Violation("what_is_stored_is_what_is_so", line) for line in found]
