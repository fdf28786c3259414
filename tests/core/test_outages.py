"""What everything needs and does not answer is a line as it begins, and one as it ends."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError, ProgrammingError

from payments_app import create_app
from payments_app.config import Config
from payments_app.core import outages
from payments_app.core.jobs.queue_worker import WITHOUT_OUTAGES
from payments_app.core.logs import JsonFormatter
from payments_app.core.outages import Outage, in_a_line, is_database_away

GONE = OperationalError("SELECT secret FROM pay", {"email": "ada"}, Exception("refused\nhint"))
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is written by the product's own formatter."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is the end of it at once."""
    monkeypatch.setattr(outages, "CALM_SECONDS", 0.0)


def messages(log: io.StringIO) -> list[str]:
    return [json.loads(line)["message"] for line in log.getvalue().splitlines()]


def test_a_hundred_failures_are_one_line(log: io.StringIO) -> None:
    outage = Outage("the cellar")
    for _ in range(100):
        outage.failed(GONE, "people wait")
    assert messages(log) == ["the cellar does not answer: OperationalError: refused; people wait"]


@pytest.mark.usefixtures("calm")
def test_its_end_is_another_line_and_the_next_one_begins_anew(log: io.StringIO) -> None:
    outage = Outage("the cellar")
    outage.answered()
    for _ in range(3):
        outage.failed(GONE)
    outage.answered()
    outage.answered()
    outage.failed(GONE)
    begins = "the cellar does not answer: OperationalError: refused"
    ends = "the cellar answers again, 0 s and 3 failures later"
    assert messages(log) == [begins, ends, begins]


def test_an_answer_between_two_failures_is_no_end(log: io.StringIO) -> None:
    outage = Outage("the cellar")
    outage.failed(GONE)
    outage.answered()
    outage.failed(GONE)
    assert len(messages(log)) == 1


def test_an_error_is_said_without_its_statement_and_what_was_typed() -> None:
    assert in_a_line(GONE) == "OperationalError: refused"
    assert in_a_line(ValueError()) == "ValueError: no words"


def test_a_fault_of_ours_is_no_outage() -> None:
    assert is_database_away(GONE)
    assert not is_database_away(ProgrammingError("SELEC", {}, Exception("syntax")))


def test_rq_says_nothing_of_a_redis_that_is_away_and_all_else(log: io.StringIO) -> None:
    rq = logging.getLogger("rq.worker")
    rq.addFilter(WITHOUT_OUTAGES)
    away = RedisConnectionError("Connection refused")
    for _ in range(3):
        rq.error("Worker %s: could not connect: %s", "w", away)
        try:
            raise away
        except RedisConnectionError:
            rq.error("Worker %s: found an unhandled exception", "w", exc_info=True)
        rq.error("Worker %s: Redis connection timeout, quitting...", "w")
    rq.error("Worker %s: %s", "w", "another thing")
    said = [words for words in messages(log) if words.startswith("Worker")]
    assert said == ["Worker w: another thing"]


def test_requests_while_the_database_is_away_are_one_short_line(
    settings: dict[str, str], log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments_app.core.web.prepare.DATABASE", Outage("the database"))
    client = create_app(Config.from_env(settings | {"DATABASE_URL": NOWHERE})).test_client()
    for _ in range(5):
        assert client.get("/checkout/field-notes").status_code == 503
    assert [words for words in messages(log) if "does not answer" in words] != []
    assert len(log.getvalue()) < 1000
