"""The image holds what it runs by, and nothing that lies beside it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from parts.app import REPOSITORY


def test_the_image_is_built_with_settings_that_are_taken() -> None:
    """The build has no real ones, and the command that it runs refuses what no site may have."""
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    build = re.search(
        r"^RUN (SECRET_KEY=.*?)flask --app wsgi assets build$", dockerfile, re.M | re.S
    )
    assert build
    read = (
        "from os import environ; from payments_app.config import Config; Config.from_env(environ)"
    )
    command = f"{build[1]} python -c '{read}'"
    subprocess.run(
        ["bash", "-c", command], env={"PATH": os.environ["PATH"]}, cwd=REPOSITORY, check=True
    )


def is_let_in(path: str) -> bool:
    """As Docker reads .dockerignore: the last line that fits the path, or a directory above it.
    https://docs.docker.com/build/concepts/context/#dockerignore-files"""
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    let_in, above = True, [Path(path), *Path(path).parents][:-1]  # without the directory itself
    for line in (each for each in lines if each and not each.startswith("#")):
        pattern = re.escape(line.removeprefix("!"))
        pattern = pattern.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(pattern, str(part)) for part in above):
            let_in = line.startswith("!")
    return let_in


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".env.production", "tls/privkey", "data/x", ".git/config"),
        *("trial/payments.sqlite3", "trial/payments.sqlite3-wal"),
        "backups/payments-20260101T000000Z.dump.part",
        *(".envrc", "deploy/live.env", "home/.pgpass", "home/id_ed25519", "backups/dump.rdb"),
        # Of any name, beside what the image is made of.
        *("dump.sql", "payments.tar", ".pypirc", "secrets.yml", "terraform.tfstate"),
        *(".docker/config.json", "erasures.txt", "deploy/.env", "payments_app/.env.local"),
        *("deploy/tls/fullchain", "static/tls/x.key"),
        # Of any name, among what it is made of.
        *("deploy/secrets.yml", "deploy/env", "deploy/payments.tar", "deploy/certs/wildcard.crt"),
        *("static/dump.sql", "static/.htpasswd", "migrations/dump.sql", "payments_app/local.yml"),
        *("payments_app/x.env.bak", "templates/settings.json", "translations/.docker/config.json"),
        *("payments_app/.venv/x.py", "payments_app/core/x.kdbx"),
    ],
)
def test_no_secret_gets_into_an_image(path: str) -> None:
    """The image copies all that .dockerignore lets through."""
    assert not is_let_in(path)


def test_the_image_has_all_that_it_runs_by(tmp_path: Path) -> None:
    """Its build is done for real, on what it would be given."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in filter(is_let_in, listed.stdout.splitlines()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    build = re.search(r"^RUN (SECRET_KEY=.*?assets build)$", dockerfile, re.M | re.S)
    assert build
    look = "from wsgi import app; print(app.test_client().get('/llms.txt').status_code)"
    settings, _, _ = build[1].partition("flask --app wsgi")
    done = subprocess.run(
        ["bash", "-ec", f"{build[1]}\n{settings} python -c {shlex.quote(look)}"],
        env={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("200\n")
    assert (tmp_path / "static/assets/manifest.json").exists()
    needed = {
        "worker.py",
        "gunicorn.conf.py",
        "nginx.conf",
        "requirements.txt",
        "migrations/env.py",
    }
    assert all(map(is_let_in, needed))
