"""History can be added to, and nothing else: the database itself says so."""

from __future__ import annotations

import pytest
from flask import Flask, g
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry

pytestmark = [pytest.mark.portable, pytest.mark.dialect, pytest.mark.usefixtures("app_context")]


@pytest.fixture(autouse=True)
def an_entry(app_context: None) -> None:
    @atomic
    def write(session: Session) -> None:
        history.record(session, "note", "note.written", actor="ada", text="hello")

    write()


@pytest.mark.parametrize(
    "change",
    [update(HistoryEntry).values(actor="eve"), delete(HistoryEntry)],
    ids=["edit", "delete"],
)
def test_what_is_written_can_not_be_changed(app: Flask, change: object) -> None:
    @atomic
    def tamper(session: Session) -> None:
        session.execute(change)  # type: ignore[call-overload]

    with pytest.raises(DBAPIError, match="append-only"):
        tamper()


def test_an_address_is_kept_only_where_a_person_wrote_it(app: Flask) -> None:
    @atomic
    def write(session: Session) -> dict[str, object]:
        data = {"error": {"why": "550 <ada@example.com> is unknown"}, "reason": "ask a@b.example"}
        return history.record(session, "mail", "mail.receipt.undelivered", **data).data  # type: ignore[arg-type]

    assert write() == {
        "error": {"why": "550 <[e-mail address]> is unknown"},
        "reason": "ask a@b.example",
    }


@atomic
def _write(session: Session, what: str) -> None:
    history.record(session, "system", what)


def _cause(what: str) -> object:
    return db.session.scalars(select(HistoryEntry.cause).where(HistoryEntry.what == what)).one()


def test_what_a_job_writes_names_its_message() -> None:
    with history.caused_by(message=7, key="charge:txn_1", crashes=0, looked=False):
        _write("job.wrote")
    _write("nobody.wrote")
    assert _cause("job.wrote") == {"message": 7, "key": "charge:txn_1"}
    assert _cause("nobody.wrote") is None


def test_what_a_request_writes_names_the_request(app: Flask) -> None:
    with app.test_request_context():
        g.request_id = "one"
        _write("request.wrote")
    assert _cause("request.wrote") == {"request": "one"}
