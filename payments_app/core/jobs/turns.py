"""turns: which due messages of a queue are next, so that a batch keeps nobody waiting at a screen.

Those of Command.turn FIRST come first, then ASKING, SECOND and BATCH; after MAX_WAIT_SECONDS each
comes in its order of time, so that none waits for ever. Of all but FIRST no more are claimed than
the caller has threads for: the rest is free, however long Stripe takes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, case, false, literal, or_, select, union_all

from payments_app.core.db.clock import database_now
from payments_app.core.jobs.command import ASKING, BATCH, FIRST, SECOND, Claim
from payments_app.core.jobs.due import claimable, is_known
from payments_app.core.jobs.outbox import Message, commands

MAX_WAIT_SECONDS = 60


@dataclass(frozen=True)
class Room:
    """For how many more threads there is of what is not FIRST, of SECOND and BATCH among it, and of
    BATCH among those."""

    asking: int
    later: int
    batch: int


def next_due(queue: str, limit: int, room: Room) -> Select[int]:
    """The ids of up to `limit` due messages of a queue, no more of those that come later than there
    is room for, locked; those that another process has locked are passed over."""
    known = (Message.queue == queue, is_known(), *claimable())
    in_time = (Message.available_at, Message.id)
    if not _has_turns(queue):
        due = select(Message.id).where(*known).order_by(*in_time).limit(limit)
        return due.with_for_update(skip_locked=True)
    batch = _is_batch(queue)
    asking, second = (Message.command.in_(_names(queue, turn)) for turn in (ASKING, SECOND))
    # The command first, which is cheap: whether a charge is of a batch is asked of its transaction.
    of_turn = {
        FIRST: (~asking, ~second, ~batch),
        ASKING: (asking, ~batch),
        SECOND: (second, ~batch),
        BATCH: (batch,),
    }
    waited_long = Message.available_at <= database_now(-MAX_WAIT_SECONDS)

    def front(of: int, most: int) -> Select[tuple[int, dt.datetime, int]]:
        """Of one turn, in the index's order: only the front of a long batch is read."""
        place = case((waited_long, FIRST), else_=of).label("turn")
        found = select(Message.id, Message.available_at, place).where(*known, *of_turn[of])
        locked = found.order_by(*in_time).limit(max(0, most)).with_for_update(skip_locked=True)
        return select(locked.cte(f"turn_{of}"))

    later = _in_turn(
        [front(SECOND, room.later), front(BATCH, min(room.later, room.batch))], max(0, room.later)
    )
    others = [front(ASKING, room.asking), select(later.cte("later"))]
    other = _in_turn(others, max(0, room.asking))
    found = _in_turn([front(FIRST, limit), select(other.cte("other"))], limit)
    return select(found.subquery().c.id)


def _in_turn(parts: list[Select[Any]], limit: int) -> Select[Any]:
    both = union_all(*parts).subquery()
    return select(both).order_by(both.c.turn, both.c.available_at, both.c.id).limit(limit)


def turn_of(queue: str) -> ColumnElement[int]:
    """Of a Message. Where its command alone does not tell that nobody waits for it, the application
    says by "nobody_waits" what does."""
    if not _has_turns(queue):
        return literal(FIRST)
    of_turn = [(Message.command.in_(_names(queue, turn)), turn) for turn in (ASKING, SECOND)]
    return case((_is_batch(queue), BATCH), *of_turn, else_=FIRST)


def _is_batch(queue: str) -> ColumnElement[bool]:
    found = current_app.extensions["nobody_waits"].get(queue, false)
    return or_(Message.command.in_(_names(queue, BATCH)), found())


def room_in(threads: int, running: Iterable[Claim] = ()) -> Room:
    """What so many threads have left beside those: half of them for BATCH; one in five, or one, is
    free for FIRST and ASKING, and one of these for FIRST alone."""
    turns = [claim.turn for claim in running]
    asking = max(1, threads - 1) - sum(turn != FIRST for turn in turns)
    later = max(1, threads - max(1, threads // 5)) - turns.count(SECOND) - turns.count(BATCH)
    return Room(asking, min(asking, later), max(1, threads // 2) - turns.count(BATCH))


def _has_turns(queue: str) -> bool:
    named = queue in current_app.extensions["nobody_waits"]
    return named or any(_names(queue, turn) for turn in (ASKING, SECOND, BATCH))


def _names(queue: str, turn: int) -> list[str]:
    return sorted(
        name
        for name, command in commands().items()
        if command.queue == queue and command.turn == turn
    )
