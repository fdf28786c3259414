"""What every other test relies on."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
from flask.testing import FlaskClient, FlaskCliRunner

from parts.app import Web
from parts.http import answers
from parts.schema import copy_sqlite


@pytest.mark.portable
@pytest.mark.dialect
def test_the_app_is_ready_on_its_own_parts(client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 200


@pytest.mark.portable
@pytest.mark.dialect
def test_demo_data_can_be_seeded_twice(cli: FlaskCliRunner) -> None:
    cli.invoke(args=["demo", "seed"])
    assert cli.invoke(args=["demo", "seed"]).exit_code == 0


def test_a_site_answers_as_processes_of_its_own(site: Web) -> None:
    assert answers(f"{site.url}/readyz")


def test_a_copied_sqlite_file_has_no_row_of_the_last_test(tmp_path: Path) -> None:
    template, copy = tmp_path / "template", tmp_path / "copy"
    write(template, "CREATE TABLE payments (id)")
    copy_sqlite(template, copy)
    write(copy, "INSERT INTO payments VALUES (1)")
    copy_sqlite(template, copy)
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM payments").fetchone() == (0,)


def write(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
