"""`python -m tests.queues.small_parent DIRECTORY`: a parent of two that wait to be told, and of one
that ends at once. Each writes its PID into a file of its name, a line for each start."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from payments_app.core.jobs.processes import Parent

DIRECTORY = Path(sys.argv[1])


def start(name: str) -> None:
    with (DIRECTORY / name).open("a") as file:
        file.write(f"{os.getpid()}\n")


def wait(name: str) -> None:
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    start(name)
    told.wait()
    (DIRECTORY / f"{name}.ended").touch()


def fail() -> None:
    start("broken")
    sys.exit(3)


Parent({"one": partial(wait, "one"), "two": partial(wait, "two"), "broken": fail}).run()
