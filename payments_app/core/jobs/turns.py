"""turns: which due messages of a queue are next, so that a batch keeps nobody waiting at a screen.

Those of Command.turn FIRST come first, then SECOND, then BATCH; after MAX_WAIT_SECONDS each comes
in its order of time, so that none waits for ever. Of BATCH no more are claimed than the caller has
threads for: the rest is free, however long Stripe takes.
"""

from __future__ import annotations

from flask import current_app
from sqlalchemy import ColumnElement, Select, case, false, or_, select, union_all

from payments_app.core.db.clock import database_now
from payments_app.core.jobs.command import BATCH, FIRST, SECOND
from payments_app.core.jobs.due import claimable, is_known
from payments_app.core.jobs.outbox import Message, commands

MAX_WAIT_SECONDS = 60


def next_due(queue: str, limit: int, batches: int) -> Select[int]:
    """The ids of up to `limit` due messages of a queue, `batches` of them of a batch at most,
    locked; those that another process has locked are passed over."""
    known = (Message.queue == queue, is_known(), *claimable())
    in_time = (Message.available_at, Message.id)
    if not _has_turns(queue):
        due = select(Message.id).where(*known).order_by(*in_time).limit(limit)
        return due.with_for_update(skip_locked=True)
    batch = is_batch(queue)
    waited_long = Message.available_at <= database_now(-MAX_WAIT_SECONDS)
    follows = Message.command.in_(_names(queue, SECOND))
    turn = case((waited_long, FIRST), (follows, SECOND), else_=FIRST).label("turn")
    last = case((waited_long, FIRST), else_=BATCH).label("turn")
    # In the index's order, so that only those at the front of a long batch are read.
    parts = {
        "waited_for": select(*in_time, turn).where(*known, ~batch).order_by(turn, *in_time),
        "batch": select(*in_time, last).where(*known, batch).order_by(*in_time),
    }
    room = {"waited_for": limit, "batch": max(0, batches)}
    both = union_all(
        *(
            select(part.limit(room[name]).with_for_update(skip_locked=True).cte(name))
            for name, part in parts.items()
        )
    ).subquery()
    in_turn = (both.c.turn, both.c.available_at, both.c.id)
    return select(both.c.id).order_by(*in_turn).limit(limit)


def is_batch(queue: str) -> ColumnElement[bool]:
    """Condition on Message: nobody waits for it. Where its command alone does not tell, the
    application says by "nobody_waits" what does."""
    found = current_app.extensions["nobody_waits"].get(queue, false)
    names = _names(queue, BATCH)
    return or_(Message.command.in_(names), found()) if names else found()


def share(threads: int) -> int:
    """How many of so many threads may work on what nobody waits for."""
    return max(1, threads // 2)


def _has_turns(queue: str) -> bool:
    named = queue in current_app.extensions["nobody_waits"]
    return named or bool(_names(queue, SECOND) or _names(queue, BATCH))


def _names(queue: str, turn: int) -> list[str]:
    return sorted(
        name
        for name, command in commands().items()
        if command.queue == queue and command.turn == turn
    )
