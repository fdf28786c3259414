"""A pytest plugin: which test runs which line of the product, and how long each takes.

It leaves `coverage.<process>` and `seconds.<process>.json` in the directory that RECORD_INTO names.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage


class Recorder:
    def __init__(self, directory: Path, process: str) -> None:
        self._seconds = directory / f"seconds.{process}.json"
        self._coverage = Coverage(
            data_file=str(directory / f"coverage.{process}"),
            source=["payments_app"],
            config_file=False,
        )
        self._coverage.start()
        self._taken: dict[str, float] = defaultdict(float)
        self._failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._taken[report.nodeid] += report.duration
        if report.outcome != "passed":
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        passed = {test: taken for test, taken in self._taken.items() if test not in self._failed}
        self._seconds.write_text(json.dumps(passed))


def pytest_configure(config: pytest.Config) -> None:
    workers = getattr(config.option, "numprocesses", None)
    process = os.environ.get("PYTEST_XDIST_WORKER")
    if process or not workers:  # the process that only hands tests out runs none
        recorder = Recorder(Path(os.environ["RECORD_INTO"]), process or "main")
        config.pluginmanager.register(recorder, "recorder")
