"""`data/flask`: the commands of the product, with the settings of the demo that runs."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from demo.directory import DataDirectory
from demo.supervisor import REPOSITORY


def write_flask(data: DataDirectory, settings: Mapping[str, str]) -> Path:
    """Write the program for this run, and give its path; nobody else may read it."""
    program = data.path / "flask"
    program.touch(mode=0o700)  # before the secrets are in it
    program.chmod(0o700)
    words = [f"{name}={value}" for name, value in settings.items()]
    words += [sys.executable, "-m", "flask", "--app", "demo.app"]
    where = shlex.quote(str(REPOSITORY))
    program.write_text(f'#!/bin/sh\ncd {where} && exec env {shlex.join(words)} "$@"\n')
    return program
