"""bulk: one decision about many dead letters or alerts. Those that were shown are named one by one,
so that nothing is done to what came after; each is decided for itself and leaves its own entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.jobs.outbox import Message
from payments_app.ops import dead_letters
from payments_app.ops.acknowledge import acknowledge
from payments_app.ops.dead_letters import IS_DEAD, NotDeadError, StillOpenError

MOST = 200  # at once
MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Selection:
    """The first MOST of what a filter selects, the oldest first, of `total`."""

    ids: list[int]
    total: int


@dataclass(frozen=True)
class Outcome:
    """How many were `done`, and how many `left` since somebody dealt with them meanwhile, or a
    newer job for the same is open."""

    done: int
    left: int


def dead_kinds(session: Session) -> list[tuple[str, str, int]]:
    """Queue, job and how many dead letters there are of each."""
    kinds = (Message.queue, Message.command)
    rows = session.execute(
        select(*kinds, func.count().label("dead")).where(*IS_DEAD).group_by(*kinds).order_by(*kinds)
    )
    return [(row.queue, row.command, row.dead) for row in rows]


def alert_kinds(session: Session) -> list[tuple[str, int]]:
    """Kind and how many open alerts there are of each, of the kinds with more than one."""
    rows = session.execute(
        select(Alert.kind, func.count().label("open"))
        .where(Alert.acknowledged_at.is_(None))
        .group_by(Alert.kind)
        .having(func.count() > 1)
        .order_by(Alert.kind)
    )
    return [(row.kind, row.open) for row in rows]


def dead_of(session: Session, command: str) -> Selection:
    """Dead letters of this job."""
    mine = (*IS_DEAD, Message.command == command)
    ids = session.scalars(select(Message.id).where(*mine).order_by(Message.id).limit(MOST))
    return Selection(list(ids), _count(session, Message.id, *mine))


def alerts_of(session: Session, kind: str) -> Selection:
    """Open alerts of this kind."""
    mine = (Alert.acknowledged_at.is_(None), Alert.kind == kind)
    ids = session.scalars(select(Alert.id).where(*mine).order_by(Alert.id).limit(MOST))
    return Selection(list(ids), _count(session, Alert.id, *mine))


def retry_all(ids: Sequence[int], reason: str, actor: str) -> Outcome:
    """Raises ValueError for a reason that can't be kept, before anything is done."""
    dead_letters.checked_reason(reason)
    return _each(ids, lambda id_: dead_letters.retry(id_, reason, actor))


def discard_all(ids: Sequence[int], reason: str, actor: str) -> Outcome:
    """Raises ValueError for a reason that can't be kept, before anything is done."""
    dead_letters.checked_reason(reason)
    return _each(ids, lambda id_: dead_letters.discard(id_, reason, actor))


def acknowledge_all(ids: Sequence[int], actor: str) -> Outcome:
    """Close these alerts in somebody's name."""
    done = sum(acknowledge(id_, actor) for id_ in ids)
    return Outcome(done, len(ids) - done)


def read_ids(typed: str) -> list[int]:
    """The ids that a form names. Raises ValueError for anything else."""
    ids = [int(each) for each in typed.split(",") if each.isascii() and each.isdecimal()]
    if not ids or len(ids) > MOST or typed.count(",") != len(ids) - 1 or max(ids) > MAX_ID:
        raise ValueError("Open the page again: this form can't be read.")
    return ids


def _each(ids: Sequence[int], decide: Callable[[int], None]) -> Outcome:
    left = 0
    for id_ in ids:
        try:
            decide(id_)
        except (NotDeadError, StillOpenError):
            left += 1
    return Outcome(len(ids) - left, left)


def _count(session: Session, column: object, *where: object) -> int:
    return int(session.scalar(select(func.count(column)).where(*where)) or 0)  # type: ignore[arg-type]
