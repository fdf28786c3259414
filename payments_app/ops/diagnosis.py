"""What is wrong with the queues, in words, and what it probably means. No query here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from payments_app.core.ago import duration
from payments_app.core.jobs.due import UNKNOWN_SECONDS
from payments_app.core.jobs.outbox import commands
from payments_app.ops.measures import BreakerState, Load
from payments_app.ops.redis_state import RedisState

LATE_SECONDS = {"charges": 5.0, "payment_critical": 5.0, "sweeper": 60.0}
LATE_ELSEWHERE = 300.0
CRITICAL = ("charges", "payment_critical")

_DATABASE = "The database: locks, a restart, or a full disk."
_MAIL_SERVER = "The mail server does not answer."
# Of commands by their whole names: what most often stops them, where that is not the database. A
# test holds the names against the commands that exist, and these against what their code asks.
MEANINGS = {
    **dict.fromkeys(
        (
            *("charge", "retry", "stripe.recovered", "ops.stripe_doctor", "ops.notice_end"),
            *("disputes.refresh", "disputes.warn", "refunds.look_up", "refunds.refresh"),
            "ledger.post_fee",
            *("disputes.keep_draft", "disputes.submit", "disputes.accept"),
            "keeping.erase_at_stripe",
            *("connect.read", "connect.read_by_charge", "connect.read_by_refund"),
            *("merchants.create_account", "merchants.make_link", "merchants.refresh_account"),
            *("reconcile.compare", "reconcile.fix", "reconcile.stage_rounds"),
            *("inbound.process", "inbound.fetch_missed"),
            *("customers.read_card", "customers.read_customer", "customers.detach_card"),
        ),
        "Stripe does not answer, answers slowly or limits our calls.",
    ),
    "look_up": "Stripe does not answer, so unclear payments stay unclear.",
    "check": "Stripe does not answer, so unclear payments stay unclear.",
    "expire_action": "Stripe does not answer, so abandoned bank checks stay open.",
    "refunds.send": "Stripe does not answer, or refuses refunds: look at its balance.",
    "notices.send_mail": _MAIL_SERVER,
    "notices.send_link": _MAIL_SERVER,
    "notices.deliver_webhook": "A merchant's endpoint does not answer: look at its deliveries.",
    "alerts.mail": f"{_MAIL_SERVER} Nobody gets alerts by mail.",
    "alerts.webhook": "The address of ALERT_WEBHOOK_URL does not answer.",
}
UNKNOWN_MEANING = (
    "No process of this release knows this job. Read the last error of one of them; discard them "
    "if nobody needs it any more."
)
# What the error itself says comes before what is likely. Parts of an error as it is kept.
_OF_ERRORS = (
    (("worker died every time",), "Each worker that began it died: look at memory and logs."),
    (("OperationalError", "DBAPIError", "TimeoutError: QueuePool"), _DATABASE),
    (("SMTP", "ConnectionRefusedError"), "The server that it talks to does not answer."),
    (
        ("IntegrityError", "AssertionError", "AttributeError", "KeyError", "TypeError"),
        "A fault of the program: tell the developers, and try it again with the next release.",
    ),
)


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong. `key` names it for de-duplication; `critical` wakes somebody."""

    key: str
    what: str
    meaning: str
    critical: bool = False


def troubles(
    loads: Iterable[Load],
    dead: Mapping[tuple[str, str], int],
    threads: Mapping[str, int],
    breaker: BreakerState,
    redis: Iterable[RedisState],
) -> list[Trouble]:
    """Everything that is wrong, the critical first."""
    loads = list(loads)
    found = [*late(loads, threads), *_unknown(loads), *_retrying(loads), *_dead(dead)]
    if breaker.is_open:
        meaning = "Payments wait and continue when Stripe answers. Nobody is charged twice."
        found.append(Trouble("breaker:stripe", "Stripe does not answer.", meaning, critical=True))
    for state in redis:
        for number, (name, words) in enumerate(state.problems().items()):
            meaning = (
                "Nothing is lost. Payments are in the database and wait longer."
                if not state.up
                else "Change the server's configuration; payments themselves are safe."
            )
            what = words[0].upper() + words[1:] + "."
            critical = state.role == "jobs" and (not state.up or number == 0)
            found.append(Trouble(f"redis:{state.role}:{name}", what, meaning, critical))
    return sorted(found, key=lambda trouble: not trouble.critical)


def meaning_of(command: str, error: str | None = None) -> str:
    """What it probably means when this job fails: by its last error, else by what it talks to."""
    for parts, meaning in _OF_ERRORS:
        if error and any(part in error for part in parts):
            return meaning
    if command in MEANINGS:
        return MEANINGS[command]
    return _DATABASE if command in commands() else UNKNOWN_MEANING


def late(loads: Iterable[Load], threads: Mapping[str, int]) -> list[Trouble]:
    """The queues whose messages wait too long, of those that this process knows."""
    found, known = [], [load for load in loads if load.known]
    for queue in sorted({load.queue for load in known}):
        mine = [load for load in known if load.queue == queue]
        seconds = max(load.late_seconds for load in mine)
        if seconds <= late_seconds(queue):
            continue
        due, running = sum(load.due for load in mine), sum(load.running for load in mine)
        if running == 0:
            meaning = f"Is the worker of {queue} running?"
        elif running >= threads.get(queue, 1):
            meaning = f"All {running} threads are busy. Add a worker."
        else:
            meaning = "Its worker is busy or has just restarted."
        what = f"{queue} is late: {_waiting(due)}, the oldest for {duration(seconds)}."
        found.append(Trouble(f"late:{queue}", what, meaning, queue in CRITICAL))
    return found


def late_seconds(queue: str) -> float:
    """For so long a message of this queue may be due before it is late."""
    return LATE_SECONDS.get(queue, LATE_ELSEWHERE)


def _waiting(count: int) -> str:
    return f"{count} job waits" if count == 1 else f"{count} jobs wait"


def _unknown(loads: list[Load]) -> list[Trouble]:
    """Each has its own alert, raised by whichever process meets it (`core/jobs/unknown.py`)."""
    return [
        Trouble(
            f"unknown:{load.command}",
            f"{load.command}: {_waiting(load.due)} on {load.queue}, the oldest for"
            f" {duration(load.late_seconds)}, for a process that knows it.",
            "This one does not. Nothing is lost: start a worker of the queue from the release or"
            " application that knows the job.",
            critical=True,
        )
        for load in loads
        if load.unknown and load.late_seconds > UNKNOWN_SECONDS
    ]


def _retrying(loads: list[Load]) -> list[Trouble]:
    return [
        Trouble(
            f"retrying:{load.command}",
            f"{load.command}: {load.retrying} failed and will be tried again.",
            f"Probably: {meaning_of(load.command)}",
        )
        for load in loads
        if load.retrying
    ]


def _dead(dead: Mapping[tuple[str, str], int]) -> list[Trouble]:
    return [
        Trouble(
            f"dead:{queue}:{command}",
            f"{command}: {count} dead on {queue}. Retry or discard them.",
            f"Probably: {meaning_of(command)}",
            queue in CRITICAL,
        )
        for (queue, command), count in sorted(dead.items())
    ]
