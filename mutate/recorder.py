"""A pytest plugin: which test runs which line of the product, and how long each takes.

Each file of tests leaves what it recorded, as it ends, in a place of its own under the directory
that RECORD_INTO names.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage

from mutate.record import PRODUCT, place_of

# Of a file whose tests run no line, and of modules that were imported before it.
HARMLESS = ["no-data-collected", "module-not-measured", "already-imported"]


class Recorder:
    def __init__(self, root: Path, directory: Path) -> None:
        self._root, self._directory = root, directory
        self._file = ""
        self._coverage: Coverage | None = None
        self._taken: dict[str, float] = defaultdict(float)
        self._failed: set[str] = set()

    def pytest_collection_finish(self) -> None:
        """Import all of the product, since what runs at import is no test's."""
        product = importlib.import_module(PRODUCT)
        for module in pkgutil.walk_packages(product.__path__, f"{PRODUCT}."):
            importlib.import_module(module.name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        file = item.nodeid.partition("::")[0]
        if self._coverage is None or file != self._file:
            self._keep()
            self._coverage = self._begin(file)
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._taken[report.nodeid] += report.duration
        if report.outcome != "passed":
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus != pytest.ExitCode.INTERRUPTED:
            self._keep()

    def _begin(self, file: str) -> Coverage:
        self._file = file
        place = place_of(self._root, file, self._directory)
        place.mkdir(parents=True, exist_ok=True)
        coverage = Coverage(data_file=str(place / "coverage"), source=[PRODUCT], config_file=False)
        coverage.set_option("run:relative_files", True)
        coverage.set_option("run:disable_warnings", HARMLESS)
        coverage.load()
        coverage.start()
        return coverage

    def _keep(self) -> None:
        if self._coverage is None:
            return
        self._coverage.stop()
        self._coverage.save()
        passed = {
            test: taken
            for test, taken in self._taken.items()
            if test.partition("::")[0] == self._file and test not in self._failed
        }
        place = place_of(self._root, self._file, self._directory)
        (place / "seconds.json").write_text(json.dumps(passed))


def pytest_configure(config: pytest.Config) -> None:
    workers = getattr(config.option, "numprocesses", None)
    process = os.environ.get("PYTEST_XDIST_WORKER")
    if process or not workers:  # the process that only hands tests out runs none
        recorder = Recorder(config.rootpath, Path(os.environ["RECORD_INTO"]))
        config.pluginmanager.register(recorder, "recorder")
