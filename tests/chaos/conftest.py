from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.chaos.lab import Lab
from tests.payments.driver import PaymentDriver


@pytest.fixture
def lab(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with app.app_context():
        yield Lab(PaymentDriver(app), monkeypatch)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Here the invariants are the judge, over all that lies in the database; that messages fail and
    workers die is what is tried."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.alone)
            item.add_marker(pytest.mark.expects_failure())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which defence was missed by what: the table of `make defences`."""
    rows = [
        row
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for row in report.user_properties
        if report.when == "call"
    ]
    if rows:
        terminalreporter.section("defences, each taken away, and what noticed it")
    for name, caught in rows:
        terminalreporter.write_line(f"{name:42} {caught}")
