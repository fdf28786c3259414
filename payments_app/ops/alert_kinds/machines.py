"""Alerts of our own processes, queues, database and Redis."""

from __future__ import annotations

from payments_app.ops.alert_kinds.kind import Kind

KINDS = {
    "database_away": Kind(
        "the database does not answer, or stores nothing: nobody can pay until it does",
        "Mend it: look at its server, its disk and the network. What was promised is there; the"
        " sweeper tells this by itself, from `ALERT_FILE`.",
        "queues",
        "when the database stores again",
    ),
    "dead_letter": Kind(
        "a message failed for good, or its worker died five times",
        "Read its error, mend the cause, then retry or discard the message.",
        "dead letter",
        "when the message is retried or discarded",
    ),
    "differs": Kind(
        "a process was built from another application or release than the newest, or with other"
        " settings: it may not know what is paid for, or writes links that lead nowhere",
        "Start it again as the others; `flask --app wsgi doctor` names it.",
        "queues",
        "when all are built alike",
    ),
    "late": Kind(
        "messages of a queue wait too long",
        "Is its worker running? Where all its threads are busy, add a worker.",
        "queues",
        "when the queue is in time again",
    ),
    "redis": Kind(
        "a Redis is away, full, or may evict or forget jobs; payments are safe meanwhile",
        "Start it, give it memory, or set `maxmemory-policy noeviction` and `appendonly yes`.",
        "queues",
        "when it is as it should be",
    ),
    "revived": Kind(
        "something was unfinished with nothing scheduled; it is due again",
        "Nothing, if it was once. Often: tell the developers.",
        "queues",
        "a day after the last",
    ),
    "unknown_command": Kind(
        "a message waits for a process that knows its command: an older release runs, or the"
        " application that added it has no worker",
        "Start a worker of that queue from the release or application that knows it. Never discard"
        " it while something that was paid for waits on it.",
        "queues",
        "when no such message waits",
    ),
}
