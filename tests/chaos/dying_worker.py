"""`python -m tests.chaos.dying_worker QUEUE DIRECTORY`: a worker that ends, without a word to
anybody, at the step that the file `step` in DIRECTORY names, after the play's number; `died` is
there then."""

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
    """Counts the steps of each play."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._lock = directory, threading.Lock()
        self._play, self._steps = "", 0

    def step(self, name: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            play, at = (self._directory / "step").read_text().split()
            self._steps = self._steps + 1 if play == self._play else 1
            self._play = play
            if self._steps == int(at):
                (self._directory / "died").write_text(name)
                os._exit(9)


if __name__ == "__main__":
    app = create_app()
    hook(setattr, Ending(Path(sys.argv[2])).step)
    run(app, sys.argv[1])
