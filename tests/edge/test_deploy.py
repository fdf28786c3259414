"""What a deployment is made of, tried: roles, backup, restore, Redis, units."""

from __future__ import annotations

import configparser
import getpass
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from parts.app import REPOSITORY
from parts.ports import free_port
from parts.postgres import Postgres, create_database, libpq
from parts.process import Process
from parts.redis import find_server
from parts.schema import migrate
from payments_app.core.jobs.runner import FINISH_SECONDS
from tests.core.settings_examples import GOOD

DEPLOY = REPOSITORY / "deploy"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of its own: roles belong to a whole server."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="module")
def filled(server: Postgres) -> str:
    """A database as an installation makes it, with something in it."""
    create_database(server.url(), "payments")
    _psql(server.url(), "-v", "database=payments", "-f", str(DEPLOY / "roles.sql"))
    url = _as("payments_owner", server.url("payments"))
    migrate(url)
    with psycopg.connect(libpq(url)) as connection:
        connection.execute(
            "INSERT INTO pay_products (slug, name, summary, amount, currency, max_quantity, active,"
            " version) SELECT 'p-' || n, 'Thing', '', n, 'usd', 10, true, 1"
            " FROM generate_series(1, 500) AS n"
        )
    return url


def _as(role: str, url: str) -> str:
    return re.sub(r"//\w+@", f"//{role}@", url)


def _psql(url: str, *words: str) -> None:
    subprocess.run(["psql", "-Xq", libpq(url), *words], check=True, capture_output=True)


def _run(script: str, url: str, argument: Path | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DEPLOY / script, argument],
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_app_s_role_reads_and_writes_rows(filled: str) -> None:
    with psycopg.connect(libpq(_as("payments_app", filled))) as connection:
        changed = connection.execute("UPDATE pay_products SET amount = amount WHERE slug = 'p-1'")
        assert changed.rowcount == 1
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE pay_products ADD COLUMN mine int",
        "DROP TABLE pay_products",
        "TRUNCATE pay_products",
        "ALTER TABLE pay_ledger_entries DISABLE TRIGGER ALL",
        "CREATE ROLE mine",
    ],
)
def test_the_app_s_role_can_change_no_table(filled: str, statement: str) -> None:
    with (
        psycopg.connect(libpq(_as("payments_app", filled))) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_a_backup_restores_to_the_same_rows(server: Postgres, filled: str, tmp_path: Path) -> None:
    made = _run("backup", filled, tmp_path / "not" / "there yet")
    assert made.returncode == 0, made.stderr
    create_database(server.url(), "restored")
    _psql(server.url(), "-v", "database=restored", "-f", str(DEPLOY / "roles.sql"))
    empty = _as("payments_owner", server.url("restored"))
    done = _run("restore", empty, made.stdout.strip())
    assert (done.returncode, done.stderr) == (0, "")
    assert _rows(empty) == _rows(filled)
    with psycopg.connect(libpq(empty)) as connection:
        (closed,) = connection.execute("SELECT opened_at IS NULL FROM pay_restore").fetchone()
    assert closed


def test_the_roles_may_be_made_twice(server: Postgres, filled: str) -> None:
    _psql(server.url(), "-v", "database=payments", "-f", str(DEPLOY / "roles.sql"))


def test_a_restore_that_the_application_can_t_use_says_so(
    server: Postgres, filled: str, tmp_path: Path
) -> None:
    made = _run("backup", filled, tmp_path)
    done = _run("restore", create_database(server.url(), "ungranted"), made.stdout.strip())
    assert done.returncode == 1
    assert "payments_app may not use" in done.stderr
    assert "roles.sql" in done.stderr


def _rows(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(libpq(url)) as connection:
        rows = connection.execute("SELECT * FROM pay_products ORDER BY id").fetchall()
        return rows + connection.execute("SELECT version_num FROM pay_alembic_version").fetchall()


@pytest.mark.parametrize("script", ["backup", "restore"])
def test_a_script_without_a_database_says_so(script: str, tmp_path: Path) -> None:
    done = _run(script, "", tmp_path)
    assert done.returncode == 1
    assert "DATABASE_URL: is not set" in done.stderr


def test_nothing_is_restored_over_a_database_in_use(filled: str, tmp_path: Path) -> None:
    made = _run("backup", filled, tmp_path)
    done = _run("restore", filled, made.stdout.strip())
    assert done.returncode == 1
    assert "restore into an empty one" in done.stderr


def test_a_backup_cut_short_restores_nothing(server: Postgres, filled: str, tmp_path: Path) -> None:
    made = Path(_run("backup", filled, tmp_path).stdout.strip())
    made.write_bytes(made.read_bytes()[:-2000])
    empty = create_database(server.url(), "untouched")
    assert _run("restore", empty, made).returncode != 0
    with psycopg.connect(libpq(empty)) as connection:
        (tables,) = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    assert tables == 0


def test_a_restore_that_is_ended_once_the_rows_are_there_leaves_the_shop_closed(
    server: Postgres, filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _run("backup", filled, tmp_path)
    ends = tmp_path / "psql"
    theirs = shutil.which("psql")
    ends.write_text(f'#!/bin/sh\ncase "$*" in *ANALYZE*) kill $PPID;; esac\nexec {theirs} "$@"\n')
    ends.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    empty = create_database(server.url(), "interrupted")
    assert _run("restore", empty, made.stdout.strip()).returncode < 0
    with psycopg.connect(libpq(empty)) as connection:
        found = connection.execute("SELECT found, opened_at FROM pay_restore").fetchall()
    assert found == [("deploy/restore", None)]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "redis-jobs.conf",
            {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"},
        ),
        ("redis-cache.conf", {"appendonly": "no", "maxmemory-policy": "allkeys-lru"}),
    ],
)
def test_redis_runs_with_its_configuration(
    tmp_path: Path, name: str, wanted: dict[str, str]
) -> None:
    port = free_port()

    class Configured(Process):
        def is_ready(self) -> bool:
            try:
                with redis.Redis(port=port) as client:
                    return bool(client.ping())
            except redis.RedisError:
                return False

    # Redis enters its directory as it reads the line, so it must be there.
    file = tmp_path / name
    file.write_text(re.sub(r"\ndir .*", f"\ndir {tmp_path}", (DEPLOY / name).read_text()))
    words = [find_server(), file, "--port", str(port), "--bind", "127.0.0.1"]
    with Configured("Redis", words, tmp_path / "redis.log"):
        with redis.Redis(port=port, decode_responses=True) as client:
            found = {key: client.config_get(key)[key] for key in (*wanted, "maxmemory")}
        assert found | wanted == found
        assert int(found["maxmemory"]) > 0


@pytest.mark.parametrize("unit", ["payments-web", "payments-worker@", "payments-workers"])
def test_a_service_comes_back_and_lets_its_work_end(unit: str) -> None:
    file = configparser.ConfigParser(strict=False, interpolation=None)
    file.optionxform = str  # type: ignore[assignment]
    file.read(DEPLOY / "systemd" / f"{unit}.service")
    service = file["Service"]
    assert (service["KillMode"], service["Restart"]) == ("mixed", "always")
    assert service["User"] == "payments"
    assert service["NoNewPrivileges"] == "yes"


def test_a_reload_is_given_the_time_that_it_waits() -> None:
    unit = (DEPLOY / "systemd/payments-web.service").read_text()
    script = (DEPLOY / "rolling-restart").read_text()
    graceful = _number(r"^graceful_timeout = (\d+)", (REPOSITORY / "gunicorn.conf.py").read_text())
    ending, boot = _number(r"^ENDING=(\d+)", script), _number(r"\{2:-(\d+)\}", script)
    assert graceful < ending
    assert 2 * boot + ending < _number(r"^TimeoutStartSec=(\d+)", unit)


def test_gunicorn_takes_the_settings_that_the_example_leaves_as_they_are() -> None:
    """It reads one of them before we can look at it."""
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    done = subprocess.run(
        [sys.executable, "-c", "import gunicorn.config"],
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_gunicorn_reads_by_itself_is_refused_before_it() -> None:
    """It ends with a traceback of its own where WEB_CONCURRENCY is no number."""
    unit = (DEPLOY / "systemd/payments-web.service").read_text()
    first = re.search(r"^ExecStartPre=\S+/python (\S+)$", unit, re.MULTILINE)
    assert first
    for file in ("Dockerfile", "compose.yaml"):
        assert f"python {first[1]} && exec gunicorn wsgi:app" in (REPOSITORY / file).read_text()
    done = subprocess.run(
        [sys.executable, first[1]],
        env=os.environ | GOOD | {"WEB_CONCURRENCY": "many", "PORT": "80808"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert all(f"{name} must" in done.stderr for name in ("WEB_CONCURRENCY", "PORT"))


def test_what_the_sweeper_told_outlives_a_restart_of_its_unit() -> None:
    """A unit's temporary directory ends with it."""
    (kept,) = re.findall(r"ALERT_FILE=(/\S+?)`", (REPOSITORY / "docs/deploy.md").read_text())
    for unit in ("payments-worker@", "payments-workers"):
        text = (DEPLOY / "systemd" / f"{unit}.service").read_text()
        assert (
            Path("/var/lib", *re.findall(r"^StateDirectory=(\S+)", text, re.M)) == Path(kept).parent
        )


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text, re.MULTILINE)
    assert found
    return int(found[1])


def test_what_runs_all_queues_is_given_the_time_that_its_work_may_take() -> None:
    for unit in ("payments-worker@", "payments-workers"):
        text = (DEPLOY / "systemd" / f"{unit}.service").read_text()
        assert _number(r"^TimeoutStopSec=(\d+)", text) > FINISH_SECONDS
    compose = (REPOSITORY / "compose.yaml").read_text()
    workers = compose.partition("command: python worker.py\n")[2].partition("\n\n")[0]
    assert _number(r"stop_grace_period: (\d+)s", workers) > FINISH_SECONDS


def test_settings_are_read_in_a_shell_as_systemd_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text('# words\nSECRET_KEY=a$b c#d\nSHOP_NAME="Ada\'s Shop"\n\nEMPTY=')
    done = subprocess.run(
        [
            DEPLOY / "with-env",
            "python",
            "-c",
            "import os, json; print(json.dumps(dict(os.environ)))",
        ],
        env=os.environ | {"PAYMENTS_ENV": str(file), "PAYMENTS_USER": getpass.getuser()},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {name: found[name] for name in ("SECRET_KEY", "SHOP_NAME", "EMPTY")} == {
        "SECRET_KEY": "a$b c#d",
        "SHOP_NAME": "Ada's Shop",
        "EMPTY": "",
    }


def test_settings_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [DEPLOY / "with-env", "true"],
        env=os.environ | {"PAYMENTS_ENV": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "run this as root" in done.stderr) == (1, True)


def test_a_backup_keeps_the_list_of_who_was_erased(filled: str, tmp_path: Path) -> None:
    (tmp_path / "erasures.txt").write_text("cust_before  2026-01-01T00:00:00\n")
    with psycopg.connect(libpq(filled)) as connection:
        connection.execute(
            "INSERT INTO pay_erasures (id, customer_id, asked_by) VALUES ('era_1', 'cust_now', 'x')"
        )
    assert _run("backup", filled, tmp_path).returncode == 0
    listed = (tmp_path / "erasures.txt").read_text()
    assert [line.split()[0] for line in listed.splitlines()] == ["cust_before", "cust_now"]
