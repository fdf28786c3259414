"""Which tests run which lines: recorded once for a state of the code, outside the repository."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from coverage import CoverageData

from mutate.mutants import Mutant

# These drive the product as processes, which are not recorded, or repeat what the others say.
NOT_RECORDED = ("browser", "edge", "fuzz", "parts", "sandbox", "mutate", "chaos")
_WORDS = re.compile(r"[\"']([^\"'\s]{4,})[\"']")
CODE = ("payments_app", "tests", "templates", "migrations", "demo", "parts", "stripe_sandbox")


class NotRunnableError(Exception):
    """The tests do not run at all, so that nothing can be said of a mutant."""


class Record:
    """`tests_of` a mutant: first those that are about it, then the others, the fastest first."""

    def __init__(self, directory: Path) -> None:
        self._data = CoverageData(str(directory / "coverage"))
        self._data.read()
        self._seconds: dict[str, float] = json.loads((directory / "seconds.json").read_text())
        self._root = json.loads((directory / "root.json").read_text())
        self._texts: dict[str, str] = {}

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Those that run one of its lines; of a line that runs at import, those of its file, else
        those that are about it."""
        lines = self._data.contexts_by_lineno(f"{self._root}/{mutant.path}")
        first, last = mutant.lines
        tests = (
            {test for line in range(first, last + 1) for test in lines.get(line, ()) if test}
            or {test for tests in lines.values() for test in tests if test}
            or {test for test in self._seconds if self._closeness(test, mutant)}
        )
        return sorted(
            tests & self._seconds.keys(),
            key=lambda test: (-self._closeness(test, mutant), self._seconds[test]),
        )

    def seconds(self, test: str) -> float:
        return self._seconds.get(test, 0.0)

    def _closeness(self, test: str, mutant: Mutant) -> int:
        """2 where the test's file names a word that the mutant changes, 1 more where its folder is
        named as the package."""
        file = test.partition("::")[0]
        if file not in self._texts:
            self._texts[file] = (Path(self._root) / file).read_text()
        words = _WORDS.findall(mutant.old)
        named = any(word in self._texts[file] for word in words)
        return 2 * named + (f"/{mutant.package}/" in file)


def recorded(
    root: Path, shared: Mapping[str, str], processes: int, tests: Sequence[str] = ()
) -> Record:
    """Of the code as it is: from the cache, or else by running the tests once."""
    directory = cache() / "-".join([_state_of(root), *(test.replace("/", ".") for test in tests)])
    if not (directory / "seconds.json").exists():
        print("Recording which test runs which line; this takes as long as the tests.", flush=True)
        with tempfile.TemporaryDirectory(prefix="record-") as name:
            _run(root, Path(name), shared, processes, tests)
            _keep(root, Path(name), directory)
    return Record(directory)


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "payments-mutate"


def _state_of(root: Path) -> str:
    state = hashlib.sha256()
    for folder in CODE:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".txt", ".sql"):
                state.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return state.hexdigest()[:16]


def _run(
    root: Path, into: Path, shared: Mapping[str, str], processes: int, tests: Sequence[str]
) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mutate.recorder", "--timeout=600"]
    command += ["-n", str(processes), "--dist", "worksteal"]
    command += [f"--ignore=tests/{folder}" for folder in NOT_RECORDED]
    command += tests
    # The default tracer of newer Pythons sees a line once, whatever test runs it after.
    env = os.environ | shared | {"RECORD_INTO": str(into), "COVERAGE_CORE": "ctrace"}
    subprocess.run(command, env=env, cwd=root, check=False)


def _keep(root: Path, from_: Path, directory: Path) -> None:
    seconds: dict[str, float] = {}
    for path in sorted(from_.glob("seconds.*.json")):
        seconds |= json.loads(path.read_text())
    if not seconds:
        raise NotRunnableError("While it was recorded no test passed.")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    whole = CoverageData(str(directory / "coverage"))
    for path in sorted(from_.glob("coverage.*")):
        part = CoverageData(str(path))
        part.read()
        whole.update(part)
    whole.write()
    (directory / "root.json").write_text(json.dumps(str(root)))
    (directory / "seconds.json").write_text(json.dumps(seconds))
