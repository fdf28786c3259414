"""What gunicorn.conf.py refuses, since only the web server can know of it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from parts.app import REPOSITORY
from tests.core.settings_examples import GOOD


def started(settings: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *(words or ("-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0"))],
        env=os.environ | GOOD | settings,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("hops", ["", "0"])
def test_a_proxy_that_nobody_says_is_refused(hops: str, tmp_path: Path) -> None:
    """Every visitor would have its address, and one who was limited would keep everybody out."""
    done = started({"PROXY_HOPS": hops, "WEB_PIDFILE": str(tmp_path / "web.pid")})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("PROXY_HOPS must be the number")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "is_ssl", "proxy_protocol"),
    [
        ({"PROXY_HOPS": "1"}, None, "off"),
        ({}, "fullchain.pem", "off"),
        ({}, None, "auto"),
        ({"PUBLIC_URL": "http://127.0.0.1:8000"}, None, "off"),
    ],
)
def test_whoever_knows_the_visitor_s_address_starts(
    settings: dict[str, str],
    is_ssl: str | None,
    proxy_protocol: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (GOOD | settings).items():
        monkeypatch.setenv(name, value)
    cfg = SimpleNamespace(is_ssl=is_ssl, proxy_protocol=proxy_protocol)
    server = SimpleNamespace(cfg=cfg, pidfile=None)
    runpy.run_path(str(REPOSITORY / "gunicorn.conf.py"))["on_starting"](server)


@pytest.mark.parametrize(
    ("directory", "said"),
    [
        ("/proc/1", "WEB_PIDFILE must be the path of a file of its own"),
        ("/sys", "WEB_PIDFILE must be the path of a file of its own"),
        ("/nonexistent", "WEB_PIDFILE can't be written: "),
    ],
)
@pytest.mark.parametrize("words", [("gunicorn.conf.py",), ()])
def test_a_pid_file_that_cannot_be_written_is_refused(
    directory: str, said: str, words: tuple[str, ...]
) -> None:
    done = started({"WEB_PIDFILE": f"{directory}/web.pid", "PROXY_HOPS": "1"}, *words)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert said in done.stderr
