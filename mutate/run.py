"""One mutant in a copy of the repository, and its tests on it until one fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mutate.mutants import Mutant
from mutate.record import NotRunnableError, Record

LEFT_OUT = (".git", ".venv", "data", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")
FIRST = 25  # tests of the first run: most mutants do not live longer
START_SECONDS = 30.0  # until the first test runs
MOST_SECONDS = 60.0  # of tests for one mutant, as they were recorded
PASSED = 0  # pytest's exit code


class Copy:
    """A copy of the repository, whose tests use the parts that `env` names."""

    def __init__(self, root: Path, directory: Path, env: Mapping[str, str]) -> None:
        shutil.copytree(root, directory, ignore=shutil.ignore_patterns(*LEFT_OUT, "__pycache__"))
        self._directory = directory
        self._env = os.environ | env | {"PYTHONDONTWRITEBYTECODE": "1"}

    def killer(self, mutant: Mutant, tests: list[str], record: Record) -> str | None:
        """How the mutant was noticed; None where every test passed on it."""
        path = self._directory / mutant.path
        source = path.read_text()
        path.write_text(mutant.apply(source))
        try:
            for some in (tests[:FIRST], tests[FIRST:]):
                if some and (noticed := self.failure(some, record)):
                    return noticed
        finally:
            path.write_text(source)
        return None

    def failure(self, tests: list[str], record: Record) -> str | None:
        """The first of these tests that failed, or that they hung; None where all passed."""
        listed = self._directory / "tests.txt"
        listed.write_text("\n".join(tests))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        command += ["--tb=no", "--no-header", f"@{listed}"]
        within = START_SECONDS + 5 * sum(record.seconds(test) for test in tests)
        code, said = _run(command, self._directory, self._env, within)
        if code is None:
            return "time-out"
        if code == PASSED:
            return None
        failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return failed[0].partition(" - ")[0] if failed else f"pytest ended with {code}"


def within_limit(tests: list[str], record: Record) -> list[str]:
    """As many of the fastest as MOST_SECONDS allow, and FIRST at least."""
    kept: list[str] = []
    taken = 0.0
    for test in tests:
        taken += record.seconds(test)
        if taken > MOST_SECONDS and len(kept) >= FIRST:
            break
        kept.append(test)
    return kept


def check_unmutated(copy: Copy, tests: list[str], record: Record) -> None:
    """Raises NotRunnableError where a test fails although nothing was changed."""
    if failed := copy.failure(tests, record):
        raise NotRunnableError(f"Without any mutant: {failed}")


def _run(
    command: list[str], directory: Path, env: Mapping[str, str], within: float
) -> tuple[int | None, str]:
    """Its exit code, None where it took too long, and what it said."""
    log = directory / "pytest.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            cwd=directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code: int | None = child.wait(within)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            code = None
    return code, log.read_text(errors="replace")
