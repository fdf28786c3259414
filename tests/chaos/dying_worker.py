"""`python -m tests.chaos.dying_worker QUEUE DIRECTORY`: a worker whose work-horses end, without a
word to anybody, at the step that the file `step` in DIRECTORY names; `died` is there then."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path

from payments_app import create_app
from payments_app.core.jobs.worker import run
from tests.chaos.steps import hook


class Ending:
    """Counts the steps of this process: a horse is forked before its first."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._lock, self._steps = directory, threading.Lock(), 0

    def step(self, name: str) -> None:
        with self._lock:
            self._steps += 1
            with contextlib.suppress(OSError):
                if self._steps == int((self._directory / "step").read_text()):
                    (self._directory / "died").write_text(name)
                    os._exit(9)


if __name__ == "__main__":
    app = create_app()
    hook(setattr, Ending(Path(sys.argv[2])).step)
    run(app, sys.argv[1])
