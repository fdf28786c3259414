"""Which tests run which lines: recorded once for a state of the code, outside the repository.

Each file of tests is recorded by itself, so that after a change of one the others are not run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from coverage import CoverageData

from mutate.mutants import Mutant

# These drive the product as processes, which are not recorded, or repeat what the others say.
NOT_RECORDED = ("browser", "edge", "fuzz", "parts", "sandbox", "mutate", "chaos")
_WORDS = re.compile(r"[\"']([^\"'\s]{4,})[\"']")
PRODUCT = "payments_app"
CODE = (PRODUCT, "tests", "templates", "migrations", "demo", "parts", "stripe_sandbox")
RAN = (0, 1, 5)  # pytest's exit codes: passed, some failed, none were there


class NotRunnableError(Exception):
    """The tests do not run at all, so that nothing can be said of a mutant."""


class Record:
    """`tests_of` a mutant: first those that are about it, then the others, the fastest first."""

    def __init__(self, root: Path, places: Sequence[Path]) -> None:
        self._root = root
        self._data: list[CoverageData] = []
        self._seconds: dict[str, float] = {}
        for place in places:
            if (place / "coverage").exists():
                self._data.append(CoverageData(str(place / "coverage")))
                self._data[-1].read()
            self._seconds |= json.loads((place / "seconds.json").read_text())
        if not self._seconds:
            raise NotRunnableError("While it was recorded no test passed.")
        self._texts: dict[str, str] = {}

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Those that run one of its lines; of a line that runs at import, those of its file, else
        those that are about it."""
        lines = list(self._lines(mutant.path))
        first, last = mutant.lines
        tests = (
            {test for line, test in lines if first <= line <= last}
            or {test for _, test in lines}
            or {test for test in self._seconds if self._closeness(test, mutant)}
        )
        return sorted(
            tests & self._seconds.keys(),
            key=lambda test: (-self._closeness(test, mutant), self._seconds[test]),
        )

    def seconds(self, test: str) -> float:
        return self._seconds.get(test, 0.0)

    def _lines(self, path: str) -> Iterator[tuple[int, str]]:
        """Each line of a file with each test that runs it."""
        for data in self._data:
            for line, tests in data.contexts_by_lineno(path).items():
                yield from ((line, test) for test in tests if test)

    def _closeness(self, test: str, mutant: Mutant) -> int:
        """2 where the test's file names a word that the mutant changes, 2 where it imports its
        module, 1 more where its folder is named as the package."""
        file = test.partition("::")[0]
        if file not in self._texts:
            self._texts[file] = (self._root / file).read_text()
        words = _WORDS.findall(mutant.old)
        named = any(word in self._texts[file] for word in words)
        imported = f"from {mutant.module} import" in self._texts[file]
        return 2 * named + 2 * imported + (f"/{mutant.package}/" in file)


def recorded(
    root: Path, shared: Mapping[str, str], processes: int, tests: Sequence[str] = ()
) -> Record:
    """Of the code as it is: from the cache, or else by running once the files of tests that are not
    there."""
    directory = cache() / _state_of(root)
    files = list(_test_files(root, tests))
    places = {file: place_of(root, file, directory) for file in files}
    missing = [file for file in files if not (places[file] / "seconds.json").exists()]
    if missing:
        print(f"Recording which test of {len(missing)} files runs which line.", flush=True)
        code = _run(root, directory, shared, processes, missing)
        for file in missing:
            if code in RAN and not (places[file] / "seconds.json").exists():
                places[file].mkdir(parents=True, exist_ok=True)
                (places[file] / "seconds.json").write_text("{}")  # none of its tests was run
    return Record(root, [place for place in places.values() if (place / "seconds.json").exists()])


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "payments-mutate"


def place_of(root: Path, file: str, directory: Path) -> Path:
    """Where what a file of tests recorded is kept, as it is now."""
    return directory / file / hashlib.sha256((root / file).read_bytes()).hexdigest()[:16]


def _test_files(root: Path, tests: Sequence[str]) -> Iterator[str]:
    """Those that are recorded, or those of them under `tests`."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        file = path.relative_to(root)
        asked = not tests or any(file.is_relative_to(one) for one in tests)
        if asked and file.parts[1] not in NOT_RECORDED:
            yield str(file)


def _state_of(root: Path) -> str:
    """Of all but the files of tests, each of which has a state of its own."""
    state = hashlib.sha256()
    for folder in CODE:
        for path in sorted((root / folder).rglob("*")):
            if folder == "tests" and path.name.startswith("test_"):
                continue
            if path.suffix in (".py", ".html", ".txt", ".sql"):
                state.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return state.hexdigest()[:16]


def _run(
    root: Path, into: Path, shared: Mapping[str, str], processes: int, files: Sequence[str]
) -> int:
    """pytest's exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mutate.recorder", "--timeout=600"]
    command += ["-n", str(processes), "--dist", "loadfile", *files]
    # The default tracer of newer Pythons sees a line once, whatever test runs it after.
    env = os.environ | shared | {"RECORD_INTO": str(into), "COVERAGE_CORE": "ctrace"}
    return subprocess.run(command, env=env, cwd=root, check=False).returncode
