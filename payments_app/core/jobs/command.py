"""What a message may ask for, and how it is tried again: plain types, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

DAY = 86_400.0

# Whose turn it is in a queue (core/jobs/turns.py): who waits for it at a screen; the same where
# another's server is asked, beside what asks none; what follows that; and what nobody waits for, of
# which there may be any number at once.
FIRST, ASKING, SECOND, BATCH = 0, 1, 2, 3


@dataclass(frozen=True)
class Claim:
    """A lease on one message, as plain data: the worker holds no row while it works. `key` is the
    message's own, which names what staged it; `looked`: no wake-up came for it; `turn`: FIRST,
    ASKING, SECOND or BATCH."""

    message_id: int
    queue: str
    command: str
    subject: str
    epoch: int
    claims: int
    tries: int
    failures: int = 0
    traceparent: str | None = None  # of what it goes on from (core/tracing.py)
    key: str = ""
    looked: bool = False
    turn: int = FIRST


@dataclass(frozen=True)
class Policy:
    """How a command is retried: seconds to wait after each failure; after the last it is dead.

    A policy that depends on what went wrong overrides `wait`.
    """

    waits: tuple[float, ...] = (1, 2, 5, 30, 120)

    def wait(self, failures: int, error: BaseException) -> float | None:
        """Seconds to wait after `error`, with `failures` before it; None: the message is dead."""
        return self.waits[failures] if failures < len(self.waits) else None


@dataclass(frozen=True)
class Command:
    """What a message may ask for: `run(subject, claim)` on `queue`. It returns True where it said
    itself that its message is done, with its effect.

    Of a command that is `unique_while_open` one message at most is open for each subject: a second
    one is logged and not stored. `on_dead_letter(session, subject)` says on the subject's own row
    that its message died, in the transaction in which it does.

    `deadline` is for how many seconds it may be put off (Later); after that its message is dead,
    with an alert. A command that is put off for ever says in `unending` why that is right, and
    tells a person itself. `while_restoring`: it is done also while a restore is open. `turn` is
    FIRST, ASKING, SECOND or BATCH.
    """

    run: Callable[[str, Claim], bool | None]
    queue: str
    policy: Policy = Policy()
    unique_while_open: bool = False
    on_dead_letter: Callable[[Session, str], None] | None = None
    deadline: float = DAY
    unending: str = ""
    while_restoring: bool = False
    turn: int = FIRST


@dataclass(frozen=True)
class Subscriber:
    """What hears of an event: the command it stages, due in `delay` seconds."""

    command: str
    delay: float = 0


class Later(Exception):
    """Raised by a command: not now, come back in `seconds`. Counts neither as crash nor failure,
    and has an end: the command's `deadline`. `is_try` says whether it was tried, and counts among
    the claim's `tries`."""

    def __init__(self, seconds: float, reason: str, *, is_try: bool = True) -> None:
        super().__init__(reason)
        self.seconds, self.reason, self.is_try = seconds, reason, is_try
