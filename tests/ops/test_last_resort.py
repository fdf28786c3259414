"""While the database is away, the sweeper tells people by itself."""

from __future__ import annotations

import base64
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from payments_app import create_app
from payments_app.config import Config
from payments_app.ops.last_resort import GRACE_SECONDS, LastResort
from payments_app.reconcile import sweep
from tests.ops.receivers import Received, mail_server, web_server

MORE = GRACE_SECONDS + 1
AWAY = "OperationalError: connection refused"


@pytest.fixture
def mails() -> Iterator[Received]:
    with mail_server() as received:
        yield received


@pytest.fixture
def hooks() -> Iterator[Received]:
    with web_server() as received:
        yield received


@pytest.fixture
def settings(
    settings: dict[str, str], mails: Received, hooks: Received, tmp_path: Path
) -> dict[str, str]:
    return settings | {
        "SMTP_URL": mails.url,
        "ALERT_MAIL_TO": "ops@example.com",
        "ALERT_WEBHOOK_URL": hooks.url,
        "ALERT_WEBHOOK_SECRET": f"whsec_{base64.b64encode(bytes(range(24))).decode()}",
        "ALERT_FILE": str(tmp_path / "told.json"),
    }


class Night:
    """A sweeper that is told by the hour how the database is."""

    def __init__(self, app: Flask) -> None:
        self.config: Config = app.config["CONFIG"]
        self.now = 1_000_000.0
        self.start()

    def start(self) -> None:
        """Again, as its supervisor does."""
        self._resort = LastResort(self.config, lambda: self.now)

    def away(self, *seconds: float) -> None:
        self._pass(AWAY, *seconds)

    def well(self, *seconds: float) -> None:
        self._pass(None, *seconds)

    def _pass(self, error: str | None, *seconds: float) -> None:
        for each in seconds or (0.0,):
            self.now += each
            self._resort.note(error)


@pytest.fixture
def night(app: Flask) -> Iterator[Night]:
    with app.app_context():
        yield Night(app)


def subjects(mails: Received) -> list[str]:
    whole = (mail.replace("\r\n ", " ") for mail in mails.mails)
    lines = (line for mail in whole for line in mail.splitlines())
    return [line.removeprefix("Subject: ") for line in lines if line.startswith("Subject: ")]


def told(hooks: Received) -> list[str]:
    return [json.loads(body)["type"] for _, body in hooks.webhooks]


def test_a_database_that_is_away_is_told_once_each_way(
    night: Night, mails: Received, hooks: Received
) -> None:
    night.away(0, MORE, 1, 1, 600)
    (subject,) = subjects(mails)
    assert subject.startswith("[critical] The database does not answer")
    assert AWAY in mails.mails[0].replace("\r\n", " ")
    assert told(hooks) == ["alert.raised"]
    assert json.loads(hooks.webhooks[0][1])["data"]["kind"] == "database_away"


def test_a_restart_of_the_database_wakes_nobody(night: Night, mails: Received) -> None:
    night.away(0, GRACE_SECONDS - 1)
    night.well(1)
    night.away(1, GRACE_SECONDS - 1)
    assert mails.mails == []


def test_a_sweeper_that_is_started_again_tells_nothing_twice(
    night: Night, mails: Received, hooks: Received
) -> None:
    night.away(0, MORE)
    night.start()
    night.away(1, MORE)
    assert (len(mails.mails), len(hooks.webhooks)) == (1, 1)


def test_it_is_told_again_while_it_lasts(night: Night, mails: Received) -> None:
    night.away(0, MORE, 3600, 1, 4 * 3600)
    reminders = [words for words in subjects(mails) if "reminder" in words]
    assert [words.partition(":")[0] for words in reminders] == [
        "[critical] Still so, reminder 1",
        "[critical] Still so, reminder 2",
    ]


def test_its_end_is_told_to_those_who_were_told_of_it(
    night: Night, mails: Received, hooks: Received
) -> None:
    night.away(0, MORE)
    night.start()
    night.well(29, 1, 1)
    assert "Closed: The database answers" in subjects(mails)[-1]
    assert told(hooks) == ["alert.raised", "alert.closed"]
    assert not night.config.alert_file.exists()
    night.away(100, MORE)
    assert told(hooks)[2:] == ["alert.raised"]


def test_a_way_that_fails_is_tried_again_and_the_other_one_is_not_repeated(
    night: Night, mails: Received, hooks: Received
) -> None:
    hooks.refuses = True
    night.away(0, MORE, 1)
    hooks.refuses = False
    night.away(60, 60)
    assert (len(mails.mails), told(hooks)) == (1, ["alert.raised"])


@pytest.mark.parametrize("held", ["", "[]", '{"since": "x"}', '{"since": 1, "told": []}'])
def test_a_file_that_can_t_be_read_is_begun_anew(night: Night, mails: Received, held: str) -> None:
    night.config.alert_file.write_text(held)
    night.start()
    night.away(0, MORE)
    assert len(mails.mails) == 1


def test_a_file_that_can_t_be_taken_away_stops_no_sweeper(night: Night, tmp_path: Path) -> None:
    (tmp_path / "told.json").mkdir()
    night.away(0)
    night.well(1)
    night.well(1)


def test_a_full_disk_keeps_nobody_from_being_told(night: Night, mails: Received) -> None:
    night.config = replace(night.config, alert_file=Path("/proc/nothing/told.json"))
    night.start()
    night.away(0, MORE, 1)
    assert len(mails.mails) == 1


def first_note(app: Flask) -> str | None:
    """What the sweeper of this application says first of its database."""
    noted: queue.Queue[str | None] = queue.Queue()
    stop = threading.Event()

    def sweep_on() -> None:
        with app.app_context():
            sweep.run(stop, note=noted.put)

    sweeper = threading.Thread(target=sweep_on)
    sweeper.start()
    try:
        return noted.get(timeout=20)
    finally:
        stop.set()
        sweeper.join()


def test_the_sweeper_notes_a_database_that_answers(app: Flask) -> None:
    assert first_note(app) is None


def test_the_sweeper_notes_a_database_that_does_not(settings: dict[str, str]) -> None:
    away = settings | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    said = first_note(create_app(Config.from_env(away)))
    assert said is not None
    assert "refused" in said
