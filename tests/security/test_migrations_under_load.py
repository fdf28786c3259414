"""A migration meets a database that is full and in use."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from parts.app import REPOSITORY
from parts.postgres import create_database, libpq
from parts.settings import NO_CACHE, NO_REDIS, private_settings

# What a later release may do to a large table.
NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "next", {head!r}, None, None


def upgrade() -> None:
    op.add_column("pay_products", sa.Column("next", sa.String(10)))
"""


@pytest.fixture
def filled(postgres_url: str, postgres_database: str) -> Iterator[str]:
    """A database of the first release, with a thousand products in it."""
    url = create_database(
        postgres_url, f"{postgres_database.rpartition('/')[2]}_filled_{secrets.token_hex(4)}"
    )
    assert _flask_db(url, "upgrade", "0001").returncode == 0
    with psycopg.connect(libpq(url)) as connection:
        connection.execute(
            "INSERT INTO pay_products (slug, name, summary, amount, currency, max_quantity, active,"
            " version) SELECT 'p-' || n, 'Thing', '', n, 'usd', 10, true, 1"
            " FROM generate_series(1, 1000) AS n"
        )
    yield url
    with psycopg.connect(libpq(postgres_url), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations with one more revision."""
    later = tmp_path / "migrations"
    shutil.copytree(REPOSITORY / "migrations", later)
    head = max(path.name for path in (later / "versions").glob("0*.py")).partition("_")[0]
    (later / "versions" / "next.py").write_text(NEXT.format(head=head))
    return later


def _flask_db(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    settings = private_settings(
        database_url=url,
        redis_url=NO_REDIS,
        cache_redis_url=NO_CACHE,
        sandbox_url="http://127.0.0.1:1",
    )
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", *words],
        cwd=REPOSITORY,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def _products(url: str) -> int:
    with psycopg.connect(libpq(url)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM pay_products").fetchone()
        return count


def test_a_filled_database_is_upgraded_while_it_is_read(filled: str, later: Path) -> None:
    over = threading.Event()
    failures: list[Exception] = []
    reads: list[int] = []

    def read() -> None:
        while not over.is_set():
            try:
                reads.append(_products(filled))
            except psycopg.Error as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        done = _flask_db(filled, "upgrade", "-d", str(later))
    finally:
        over.set()
        reader.join()
    assert done.returncode == 0, done.stderr
    assert failures == []
    assert set(reads) == {1000}


def test_an_upgrade_gives_up_on_a_busy_table_and_ends_when_run_again(
    filled: str, later: Path
) -> None:
    with psycopg.connect(libpq(filled)) as busy:
        busy.execute("LOCK TABLE pay_products IN ACCESS SHARE MODE")
        done = _flask_db(filled, "upgrade", "-d", str(later))
    assert done.returncode != 0
    assert "lock timeout" in done.stderr
    again = _flask_db(filled, "upgrade", "-d", str(later))
    assert again.returncode == 0, again.stderr
    assert _products(filled) == 1000
