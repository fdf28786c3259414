"""A process that forks others runs no second thread, whatever is told of what it does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask

from parts.app import Web, Worker
from parts.process import wait_until
from payments_app.core import forking
from payments_app.programs import NAMES

AWAY = {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}


@pytest.fixture
def told(settings: dict[str, str]) -> dict[str, str]:
    """The settings, with traces and errors sent to where nobody listens."""
    pytest.importorskip("opentelemetry.sdk", reason="requirements-tracing.txt is not installed")
    return settings | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "SENTRY_DSN": "https://key@127.0.0.1:1/1",
    }


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


@pytest.mark.alone  # all jobs run: the bystanders' account is read, and Stripe does not know it
@pytest.mark.expects_failure  # they end in the middle of what they do
def test_the_parent_of_the_jobs_starts_all(
    app: Flask, told: dict[str, str], tmp_path: Path
) -> None:
    with app.app_context(), Worker(tmp_path, told) as parent:
        assert wait_until(lambda: len(parent.children()) == len(NAMES), within=60)
        assert threads(parent.pid) == 1


def test_the_parent_of_the_jobs_outlives_a_database_that_is_away(
    told: dict[str, str], tmp_path: Path
) -> None:
    with Worker(tmp_path, told | AWAY) as parent:
        again = "charges ended with 1: it is started again"
        assert wait_until(lambda: again in parent.log.read_text(), within=60)
        assert threads(parent.pid) == 1


@pytest.mark.parametrize("database", ["there", "away"])
def test_the_master_of_the_web_starts(
    app: Flask, told: dict[str, str], tmp_path: Path, database: str
) -> None:
    with Web(tmp_path, told | (AWAY if database == "away" else {})) as web:
        assert threads(web.pid) == 1


def test_a_process_that_forks_sends_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from payments_app.core.logs import _without_secrets

    assert _without_secrets({"message": "it"}) == {"message": "it"}
    monkeypatch.setattr(forking, "_forks", {os.getpid()})
    assert _without_secrets({"message": "it"}) is None
    monkeypatch.setattr(forking, "_forks", {os.getppid()})
    assert _without_secrets({"message": "it"}) == {"message": "it"}
