"""The wheel that other applications install, in an environment that has nothing else."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from parts.app import REPOSITORY
from parts.http import answers
from parts.ports import LOOPBACK, free_port
from parts.postgres import create_database
from parts.process import Process, running, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
SOURCES = ("payments_app", "templates", "static", "migrations")
FILES = ("pyproject.toml", "README.md", "LICENSE", "deploy/wheel.py")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """What a wheel is built from, where it may be written to."""
    ignored = shutil.ignore_patterns("__pycache__", "assets")
    for name in SOURCES:
        shutil.copytree(REPOSITORY / name, tmp_path / "sources" / name, ignore=ignored)
    for name in FILES:
        (tmp_path / "sources" / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / "sources" / name)
    return tmp_path / "sources"


def build(sources: Path) -> subprocess.CompletedProcess[str]:
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", "dist", "."]
    return subprocess.run(pip, cwd=sources, capture_output=True, text=True)


def flask(at: Path, python: Path | str, settings: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [str(python), "-m", "flask", "--app", "payments_app", *words],
        cwd=at,
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_is_no_wheel_without_assets(sources: Path, settings: dict[str, str]) -> None:
    done = build(sources)
    assert done.returncode != 0
    assert "the assets are not built" in done.stdout + done.stderr
    flask(sources, sys.executable, settings, "assets", "build")
    with (sources / "static/css/site.css").open("a") as file:
        file.write("p { color: red }")
    done = build(sources)
    assert done.returncode != 0
    assert "the built assets are out of date" in done.stdout + done.stderr


class Installed(Process):
    """A process of the wheel's own Python, outside the repository."""

    def __init__(
        self, at: Path, settings: Mapping[str, str], name: str, words: list[str], port: int = 0
    ) -> None:
        self.port = port
        command = [at / "venv/bin" / words[0], *words[1:]]
        super().__init__(name, command, at / f"{name}.log", env=os.environ | settings, cwd=at)

    def is_ready(self) -> bool:
        return not self.port or answers(f"http://{LOOPBACK}:{self.port}/healthz")


@pytest.fixture
def installed(
    sources: Path, settings: dict[str, str], postgres_url: str, tmp_path: Path
) -> Iterator[tuple[Path, dict[str, str]]]:
    """A directory whose virtual environment has the wheel alone, and its settings."""
    at = tmp_path / "elsewhere"
    at.mkdir()
    flask(sources, sys.executable, settings, "assets", "build")
    done = build(sources)
    assert done.returncode == 0, done.stderr
    (wheel,) = (sources / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if "demo" in name or "__pycache__" in name]
    shutil.move(wheel, at)
    shutil.rmtree(sources)
    python = at / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", at / "venv"], check=True)
    package = f"./{wheel.name}[postgres,serve]"
    pip = subprocess.run(
        [python, "-m", "pip", "install", "-q", package], cwd=at, capture_output=True, text=True
    )
    assert pip.returncode == 0, pip.stderr
    port = free_port()
    own = settings | {
        "DATABASE_URL": create_database(postgres_url, f"wheel_{os.getpid()}"),
        "PUBLIC_URL": f"http://{LOOPBACK}:{port}",
    }
    flask(at, python, own, "db", "upgrade")
    flask(at, python, own, "products", "create", "kettle", "Kettle", "24.00", "usd")
    web = ["gunicorn", "payments_app:create_app()", "--bind", f"{LOOPBACK}:{port}"]
    worker = ["flask", "--app", "payments_app", "worker", "charges"]
    with running(Installed(at, own, "web", web, port), Installed(at, own, "charges", worker)):
        yield at, own


def test_an_installed_wheel_takes_a_payment(installed: tuple[Path, dict[str, str]]) -> None:
    site = installed[1]["PUBLIC_URL"]
    page = requests.get(f"{site}/", timeout=10)
    assert page.status_code == 200
    (css, *_) = re.findall(r'href="(/static/assets/css/site\.[0-9a-f]{16}\.css)"', page.text)
    assert "immutable" in requests.get(site + css, timeout=10).headers["Cache-Control"]
    wish = {"item": "kettle", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    key = {"Idempotency-Key": secrets.token_hex(8)}
    asked = requests.post(f"{site}/transactions", json=wish, headers=key, timeout=10)
    assert asked.status_code == 202, asked.text
    path = asked.headers["Location"]

    def is_complete() -> bool:
        said = requests.get(site + path, headers={"Accept": "application/json"}, timeout=10)
        return bool(said.json()["state"] == "complete")

    assert wait_until(is_complete, 30)
