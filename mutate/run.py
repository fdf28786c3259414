"""One mutant in a copy of the repository, and its tests on it until one fails.

A busy machine makes tests fail by itself. So what failed on the mutant must pass at once without
it, and fail on it again: only then was the mutant noticed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mutate.mutants import Mutant
from mutate.record import NotRunnableError, Record

LEFT_OUT = (".git", ".venv", "data", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")
FIRST = 25  # tests of the first run: most mutants do not live longer
START_SECONDS = 30.0  # until the first test runs
MOST_SECONDS = 60.0  # of tests for one mutant, as they were recorded
MOST_TIMES = 4  # times as long, where the tests did not end without the mutant either
PASSED = 0  # pytest's exit code
TIME_OUT = "time-out"


class TooBusyError(Exception):
    """The tests do not end without the mutant either, so that nothing can be said of it."""


@dataclass(frozen=True)
class Failure:
    """What was `noticed`, and the `tests` that must pass without the mutant: the one that failed,
    or all that hung."""

    noticed: str
    tests: list[str]


class Copy:
    """A copy of the repository, whose tests use the parts that `env` names."""

    def __init__(self, root: Path, directory: Path, env: Mapping[str, str]) -> None:
        shutil.copytree(root, directory, ignore=shutil.ignore_patterns(*LEFT_OUT, "__pycache__"))
        self._directory = directory
        self._env = os.environ | env | {"PYTHONDONTWRITEBYTECODE": "1"}

    def killer(self, mutant: Mutant, tests: list[str], record: Record) -> str | None:
        """How the mutant was noticed; None where every test passed on it. Raises TooBusyError."""
        for some in (tests[:FIRST], tests[FIRST:]):
            if some and (noticed := self._noticed(mutant, some, record)):
                return noticed
        return None

    def _noticed(self, mutant: Mutant, tests: list[str], record: Record) -> str | None:
        times = 1
        while tests and (failed := self._failure_on(mutant, tests, record, times)):
            unchanged = self.failure(failed.tests, record, times)
            if unchanged is None:
                if self._failure_on(mutant, failed.tests, record, times):
                    return failed.noticed
                doubtful = failed.tests
            elif unchanged.noticed != TIME_OUT:
                doubtful = unchanged.tests
            elif times < MOST_TIMES:
                times *= 2
                continue
            else:
                raise TooBusyError
            tests = [test for test in tests if test not in doubtful]
        return None

    def _failure_on(
        self, mutant: Mutant, tests: list[str], record: Record, times: int
    ) -> Failure | None:
        path = self._directory / mutant.path
        source = path.read_text()
        path.write_text(mutant.apply(source))
        try:
            return self.failure(tests, record, times)
        finally:
            path.write_text(source)

    def failure(self, tests: list[str], record: Record, times: int = 1) -> Failure | None:
        """The first of these tests that failed, or that they hung; None where all passed."""
        listed = self._directory / "tests.txt"
        listed.write_text("\n".join(tests))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        command += ["--tb=no", "--no-header", f"@{listed}"]
        within = START_SECONDS + 5 * sum(record.seconds(test) for test in tests)
        code, said = _run(command, self._directory, self._env, within * times)
        if code is None:
            return Failure(TIME_OUT, tests)
        if code == PASSED:
            return None
        failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
        if not failed:  # not one was begun
            return Failure(f"pytest ended with {code}", tests[:1])
        named = max((test for test in tests if test in failed[0]), key=len, default=tests[0])
        return Failure(failed[0].partition(" - ")[0], [named])


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
    """Raises NotRunnableError where a test fails twice although nothing was changed."""
    if not tests or copy.failure(tests, record) is None:
        return
    if failed := copy.failure(tests, record, MOST_TIMES):
        raise NotRunnableError(f"Without any mutant: {failed.noticed}")


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
