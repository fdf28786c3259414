"""Claiming messages and giving them back: every change is a compare-and-set on the epoch."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, Select, Update, func, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import CommitOutcomeUnknownError, at_once, atomic, note_change
from payments_app.core.jobs import counters
from payments_app.core.jobs.command import Claim, Command
from payments_app.core.jobs.due import free
from payments_app.core.jobs.outbox import OPEN, Message, commands
from payments_app.core.jobs.turns import Room, next_due, room_in, turn_of
from payments_app.core.logs import redact
from payments_app.core.outages import DATABASE

LEASE_SECONDS = 30  # renewed while the work runs: a dead worker's messages wait no longer
CRASHES = 5


def claim(queue: str, limit: int, room: Room | None = None) -> list[Claim]:
    """Lease up to `limit` due messages of a queue, of the commands known here, for LEASE_SECONDS.
    Those that somebody waits for come first; of others there are as many as there is `room` for,
    else as of so many threads.

    Claims are counted before the work begins: one that ends without a word was a crash, and the
    fifth kills the message (see `uncount`). Raises CommitOutcomeUnknownError where the connection
    broke: what was leased then, if anything, is due again after its lease.
    """
    return _lease(next_due(queue, limit, room or room_in(limit)), queue)


def claim_one(message_id: int) -> Claim | None:
    """Lease this message, whether or not it is due; None where somebody has it, or it has ended."""
    open_ = select(Message.id).where(Message.id == message_id, *OPEN, free())
    return next(iter(_lease(open_.with_for_update(skip_locked=True))), None)


def _lease(due: Select[int], queue: str = "") -> list[Claim]:
    # As a CTE it is run once, so that its limit holds: a subquery may be run for each row.
    found = due.cte("due")
    rows = at_once(
        update(Message)
        .where(Message.id.in_(select(found.c.id)))
        .values(
            leased_until=database_now(LEASE_SECONDS),
            epoch=Message.epoch + 1,
            claims=Message.claims + 1,
        )
        .returning(
            Message.id.label("message_id"),
            Message.queue,
            Message.command,
            Message.subject,
            Message.epoch,
            Message.claims,
            Message.tries,
            Message.failures,
            Message.traceparent,
            Message.dedupe_key.label("key"),
            turn_of(queue).label("turn"),
        )
    )
    claims = [Claim(**row._asdict()) for row in sorted(rows)]
    for crashed in [c for c in claims if c.claims > CRASHES]:
        try:
            _write_dead_letter(crashed)
        except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
            DATABASE.failed(error)  # what was leased beside it is worked on all the same
    return [c for c in claims if c.claims <= CRASHES]


@atomic
def _write_dead_letter(session: Session, crashed: Claim) -> None:
    """Whoever dies before this leaves it leased; whoever claims it then comes here."""
    _kill(session, crashed, "its worker died every time")


def uncount(message_id: int, claims: int) -> None:
    """So many claims of this message were no crashes: whoever worked on it lives, and the database
    took no word of how it ended. A full one takes this change, as it took the claims: in place."""
    open_ = update(Message).where(Message.id == message_id, *OPEN, Message.claims >= claims)
    at_once(open_.values(claims=Message.claims - claims).returning(Message.id))


@atomic
def renew(session: Session, claims: list[Claim]) -> None:
    """Extend the leases of what is still being worked on; a lost one stays lost."""
    held = [(claim.message_id, claim.epoch) for claim in claims]
    session.execute(
        update(Message)
        .where(tuple_(Message.id, Message.epoch).in_(held), Message.leased_until.is_not(None))
        .values(leased_until=database_now(LEASE_SECONDS))
    )


def finish(claim: Claim) -> bool:
    """The effect has committed: the message is done. False where the lease was lost meanwhile."""
    return bool(at_once(_done(claim).returning(Message.id)))


def finish_with(session: Session, claim: Claim) -> bool:
    """The same in the caller's transaction, with the effect itself."""
    return _changed(session, _done(claim))


@atomic
def put_off(
    session: Session, claim: Claim, seconds: float, reason: str, *, is_try: bool = True
) -> bool:
    """Give the message back in order, due again in `seconds`, with one try more where it was one.
    False where the lease was lost, or where it has been put off for longer than its command's
    deadline: then it is dead."""
    since = func.coalesce(Message.first_put_off_at, database_now())
    command = commands().get(claim.command)
    if command is not None and not command.unending and _is_over(session, claim, command.deadline):
        _kill(session, claim, f"put off for {command.deadline / 3600:g} h: {reason}")
        return False
    tries = Message.tries + int(is_try)
    if not _give_back(session, claim, seconds, reason, first_put_off_at=since, tries=tries):
        return False
    counters.count(session, claim.queue, claim.command, put_off=1)
    return True


def _is_over(session: Session, claim: Claim, deadline: float) -> bool:
    """Whether a message was put off for the first time so many seconds ago."""
    over = select(Message.first_put_off_at < database_now(-deadline))
    return bool(session.scalar(over.where(Message.id == claim.message_id)))


@atomic
def fail(session: Session, claim: Claim, command: Command, error: BaseException) -> None:
    """The command raised: wait as its policy says, or make the message a dead letter, with an
    alert."""
    why = f"{type(error).__name__}: {error}"
    wait = command.policy.wait(claim.failures, error)
    if wait is None:
        _kill(session, claim, why)
    elif _give_back(
        session, claim, wait, why, tries=Message.tries + 1, failures=Message.failures + 1
    ):
        counters.count(session, claim.queue, claim.command, retries=1)


def _give_back(session: Session, claim: Claim, seconds: float, why: str, **values: Any) -> bool:
    return _set(
        session,
        claim,
        leased_until=None,
        available_at=database_now(seconds),
        claims=0,
        last_error=redact(why)[:2000],
        **values,
    )


def _kill(session: Session, claim: Claim, error: str) -> None:
    if not _set(
        session, claim, dead_at=database_now(), leased_until=None, last_error=redact(error)[:2000]
    ):
        return
    note_change(session, claim.subject)
    counters.count(session, claim.queue, claim.command, deaths=1)
    command = commands().get(claim.command)
    if command is not None and command.on_dead_letter is not None:
        command.on_dead_letter(session, claim.subject)
    error = redact(error)  # before it is cut, which may leave a part of a secret
    alerts.raise_alert(
        session,
        "dead_letter",
        f"dead_letter:{claim.message_id}",
        f"{claim.command} for {claim.subject} on {claim.queue} is dead: {error[:300]}",
        severity="critical" if claim.queue in ("charges", "payment_critical") else "warning",
        queue=claim.queue,
        command=claim.command,
        subject=claim.subject,
        error=error[:2000],
        retries=claim.failures,
        crashes=claim.claims,
    )


def _set(session: Session, claim: Claim, **values: Any) -> bool:
    return _changed(session, _held(claim).values(**values))


def _done(claim: Claim) -> Update:
    return _held(claim).values(done_at=database_now(), leased_until=None, last_error=None)


def _held(claim: Claim) -> Update:
    """A change of a message whose lease is held: no other epoch, and no end."""
    held = (Message.id == claim.message_id, Message.epoch == claim.epoch)
    return update(Message).where(*held, *OPEN)


def _changed(session: Session, change: Update) -> bool:
    return bool(cast("CursorResult[Any]", session.execute(change)).rowcount)
