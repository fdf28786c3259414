"""last_resort: while the database does not answer, its sweeper tells people by itself.

No alert can be stored then, so a file beside the sweeper says since when, and who was told what:
a sweeper that is started again tells nothing twice. Each way is told once, reminded as of any
critical alert, and told of the end. Each machine's sweeper tells for itself: which of them reach
the database is worth knowing.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from payments_app.config import Config
from payments_app.core.logs import redact
from payments_app.notices import smtp
from payments_app.notices.webhook_retries import DeliveryError
from payments_app.ops.alert_kinds import PAGES, object_path
from payments_app.ops.remind import reminder_number
from payments_app.ops.tell import call, send_mail
from payments_app.ops.telling import Telling

log = logging.getLogger(__name__)

KIND = "database_away"
GRACE_SECONDS = 30.0  # a restart is nobody's night
AGAIN_SECONDS = 30.0  # until a way that failed is tried again
_WAYS: dict[str, Callable[[Config, Telling], bool]] = {"mail": send_mail, "webhook": call}


class LastResort:
    """Told of each round of the sweeper how it went; tells people where it has to. One thread."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.time) -> None:
        self._config, self._clock = config, clock
        self._file, self._pause_until = config.alert_file, 0.0
        self._kept = _read(self._file)

    def note(self, error: str | None) -> None:
        """The database answered, or did not, with this `error`. Never raises."""
        now = self._clock()
        if error is not None and not self._kept:
            self._kept = {"since": now, "error": redact(error)[:300], "told": {}}
            self._keep()
        if not self._kept or now < self._pause_until:
            return
        since = float(self._kept["since"])
        if error is None:
            self._end(since, now)
        elif now - since >= GRACE_SECONDS:
            first = 60 * self._config.alert_reminder_minutes
            self._tell(_telling(self._kept, reminder_number(now - since, first)), now)

    def _end(self, since: float, now: float) -> None:
        """Tell those who were told of the beginning; forget it once they know."""
        told = self._kept["told"]
        if told:
            self._tell(_ended(since, now), now, only=list(told))
        if not told or set(told.values()) == {"ended"}:
            self._kept = {}
            try:
                self._file.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s is not taken away: %s", self._file, error)

    def _tell(self, telling: Telling, now: float, only: list[str] | None = None) -> None:
        stage = "ended" if telling.closed else str(telling.data["reminder"])
        for way in _WAYS if only is None else only:
            if self._kept["told"].get(way) == stage:
                continue
            try:
                if _WAYS[way](self._config, telling):
                    self._kept["told"][way] = stage
                    self._keep()
            except (smtp.MailDelayedError, smtp.MailRefusedError, DeliveryError) as error:
                self._pause_until = now + AGAIN_SECONDS
                log.warning("%s was not told by %s: %s", KIND, way, error)

    def _keep(self) -> None:
        """Where the disk is full it is told all the same, and perhaps twice."""
        try:
            number, new = tempfile.mkstemp(dir=self._file.parent)
            with os.fdopen(number, "w") as file:
                json.dump(self._kept, file)
            Path(new).replace(self._file)
        except OSError as error:
            log.warning("what was told is not kept in %s: %s", self._file, error)


def _read(file: Path) -> dict[str, Any]:
    """What this user's own sweeper kept; the directory may be everybody's."""
    try:
        if file.stat().st_uid != os.getuid():
            raise PermissionError("it is somebody else's")
        kept = json.loads(file.read_text())
        return {
            "since": float(kept["since"]),
            "error": str(kept["error"]),
            "told": {way: str(stage) for way, stage in kept["told"].items() if way in _WAYS},
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s can't be read, and is begun anew: %s", file, error)
        return {}


def _telling(kept: dict[str, Any], reminder: int) -> Telling:
    at = _moment(kept["since"])
    return Telling(
        key=f"{_key(kept['since'])}_{reminder}" if reminder else _key(kept["since"]),
        kind=KIND,
        severity="critical",
        words=f"The database does not answer {_host()} since {at:%H:%M:%S} UTC, or stores nothing:"
        f" {kept['error']}",
        at=at,
        prefix=f"Still so, reminder {reminder}: " if reminder else "",
        data={"key": KIND, "reminder": reminder},
        about=_about(),
    )


def _ended(since: float, now: float) -> Telling:
    return Telling(
        key=f"{_key(since)}_closed",
        kind=KIND,
        severity="critical",
        words=f"The database answers {_host()} again, after {now - since:.0f} s",
        at=_moment(since),
        prefix="Closed: ",
        closed=True,
        data={"key": KIND},
        about=_about(),
    )


def _about() -> tuple[str, str]:
    words, endpoint = PAGES["queues"]
    return words, object_path(endpoint)


def _key(since: float) -> str:
    return f"alert_{KIND}_{_host()}_{since:.0f}"


def _host() -> str:
    return socket.gethostname()


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
