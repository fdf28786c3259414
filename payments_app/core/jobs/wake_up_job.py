"""The one RQ job that a worker performs. Redis is not trusted with more than "something is due".

RQ imports and calls whatever a job names: its function, its callbacks, also where a registry is
cleaned up. Whoever can write to Redis would choose what runs here. So nothing of that is read.
"""

from __future__ import annotations

import logging
import zlib
from typing import Any

from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.jobs.wake_up import RUN_DUE_MESSAGES, RUN_SECONDS

log = logging.getLogger(__name__)

MOST_BYTES = 1000  # of a job's data: ours has a hundred
# What RQ writes of a wake-up. Whatever else it knows of a job it would read, unpack or heed.
_READ = frozenset(
    b"created_at enqueued_at started_at ended_at last_heartbeat worker_name status origin"
    b" description ttl result_ttl failure_ttl".split()
)
# The beginnings of these fields, with their names: whoever wrote longer ones would fill the memory.
_BEGINNINGS = f"""
    local found = {{}}
    for _, name in ipairs(ARGV) do
        local value = redis.call('HGET', KEYS[1], name)
        if value then
            table.insert(found, name)
            table.insert(found, string.sub(value, 1, {MOST_BYTES + 1}))
        end
    end
    return found
"""


class RefusedJobError(Exception):
    """A job that we did not send."""


class WakeUpJob(Job):
    """A wake-up for its queue; anything else is refused before it is imported."""

    def refresh(self) -> None:
        """Read it from Redis. Raises NoSuchJobError."""
        connection: Any = self.connection
        found = connection.eval(_BEGINNINGS, 1, self.key, b"data", *sorted(_READ))
        if not found:
            raise NoSuchJobError(f"No such job: {self.id[:80]}")
        self.restore(dict(zip(found[::2], found[1::2], strict=True)))

    def restore(self, raw_data: Any) -> Any:
        """What Redis holds of it, without what would call, post, or fill the memory as it is
        unpacked."""
        read = {name: value for name, value in raw_data.items() if name in _READ}
        if b"data" in raw_data:
            read[b"data"] = _unpacked(raw_data[b"data"])
        super().restore(read)
        self.timeout = RUN_SECONDS

    def _deserialize_data(self) -> None:
        try:
            super()._deserialize_data()  # type: ignore[no-untyped-call]
        except DeserializationError:  # pickled, or no JSON of a job
            self._func_name, self._instance, self._args, self._kwargs = "unreadable", None, (), {}

    def perform(self) -> Any:
        """Raises RefusedJobError, with an alert, for any other job."""
        if not self._is_wake_up():
            log.error("a job of %s that is no wake-up was refused", self.origin[:40])
            _tell(self.origin)
            raise RefusedJobError("not a job of ours")
        return super().perform()

    def _is_wake_up(self) -> bool:
        try:
            name, instance = self.func_name, self.instance
            arguments, named = list(self.args), dict(self.kwargs)
        except (TypeError, ValueError):
            return False
        return (name, instance, arguments, named) == (RUN_DUE_MESSAGES, None, [self.origin], {})


def _unpacked(data: bytes) -> bytes:
    """The data of a job, where it is as short as a wake-up's."""
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(data, MOST_BYTES)
    except zlib.error:
        return data[:MOST_BYTES]  # not packed
    return found if unpacking.eof else b"too long"


@atomic
def _tell(session: Session, queue: str) -> None:
    alerts.raise_alert(
        session,
        "refused_job",
        f"refused_job:{queue[:40]}",
        f"Somebody put a job into the Redis for jobs ({queue[:40]}) that is not ours. It was not"
        " run. Find out who can write there, and change its passwords.",
        severity="critical",
        queue=queue[:40],
    )
