from collections.abc import Iterator

import psycopg
import pytest

from parts.postgres import Postgres, create_database, libpq
from parts.schema import empty_tables

APPEND_ONLY = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN RAISE EXCEPTION 'history is append-only'; END$$;
CREATE TRIGGER refuse BEFORE DELETE OR TRUNCATE ON pay_history EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def server() -> Iterator[Postgres]:
    with Postgres(durable=True) as server:
        yield server


@pytest.fixture
def database(postgres_url: str, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    """Empty, without the product's tables, and gone afterwards."""
    name = request.node.name[-40:]
    url = create_database(postgres_url, name)
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        yield connection
    with psycopg.connect(libpq(postgres_url), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}")


def test_a_killed_server_comes_back_with_what_was_committed(server: Postgres) -> None:
    with server.connect() as connection:
        connection.execute("CREATE TABLE payments AS SELECT 1 AS id")
    server.kill()
    server.start()
    with server.connect() as connection:
        assert connection.execute("SELECT id FROM payments").fetchone() == (1,)


def test_a_discarded_server_leaves_no_files() -> None:
    server = Postgres().start()
    server.discard()
    assert not server.directory.exists()


def test_a_database_is_a_copy_of_its_template(server: Postgres) -> None:
    template = create_database(server.url(), "template")
    with psycopg.connect(libpq(template)) as connection:
        connection.execute("CREATE TABLE payments AS SELECT 1 AS id")
    copy = create_database(server.url(), "copy", "template")
    with psycopg.connect(libpq(copy)) as connection:
        assert connection.execute("SELECT id FROM payments").fetchone() == (1,)


def test_a_table_that_refuses_deletes_is_emptied_too(database: psycopg.Connection) -> None:
    database.execute("CREATE TABLE pay_history AS SELECT 1 AS id")
    database.execute(APPEND_ONLY)
    empty_tables(database)
    assert database.execute("SELECT count(*) FROM pay_history").fetchone() == (0,)


def test_the_version_of_the_schema_is_not_emptied(database: psycopg.Connection) -> None:
    database.execute("CREATE TABLE pay_alembic_version AS SELECT 'abc' AS version_num")
    database.execute("CREATE TABLE payments AS SELECT 1 AS id")
    empty_tables(database)
    assert database.execute("SELECT version_num FROM pay_alembic_version").fetchone() == ("abc",)
