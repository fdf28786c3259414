"""take_work: who deals with what needs somebody, and what they say of it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.attention.models import ANSWERS, WorkItem
from payments_app.attention.work import work
from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic, insert_once, note_change


@atomic
def take(session: Session, key: str, actor: str) -> None:
    """I take it. Who takes what another has, has it. Raises LookupError for what needs nobody."""
    item = _item(session, key)
    item.owner, item.taken_at = actor, database_now()
    _note(session, item, "work.taken", actor)


@atomic
def give_back(session: Session, key: str, actor: str) -> None:
    """Somebody else may take it. Raises LookupError for what needs nobody."""
    item = _item(session, key)
    item.owner = item.taken_at = None
    _note(session, item, "work.given_back", actor)


@atomic
def answer(session: Session, key: str, said: str, actor: str) -> None:
    """It is `done`, or `not_ours`: nobody is asked for it again. Raises LookupError for what needs
    nobody, ValueError for another answer."""
    if said not in ANSWERS:
        raise ValueError(f"{said!r} is no answer")
    item = _item(session, key)
    item.answer, item.answered_by, item.answered_at = said, actor, database_now()
    _note(session, item, f"work.{said}", actor)


def _item(session: Session, key: str) -> WorkItem:
    """The item of a need that is open, locked; made where nobody said anything of it yet."""
    entry = next((entry for entry in work(session).entries if entry.key == key), None)
    if entry is None:
        raise LookupError(f"nothing is open under {key}")
    insert_once(session, WorkItem, key=key, transaction_id=entry.transaction_id)
    return session.get_one(WorkItem, key, with_for_update=True, populate_existing=True)


def _note(session: Session, item: WorkItem, what: str, actor: str) -> None:
    about = {"transaction_id": item.transaction_id}
    history.record(session, "staff", what, actor=actor, subject=item.key[:80], **about)
    session.flush()
    if item.transaction_id is not None:
        note_change(session, item.transaction_id)
