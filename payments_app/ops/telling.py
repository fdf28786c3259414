"""telling: what is told of an alert, in words. A telling is the subject of its message:

`<id>`             it was raised          `<id>:<number>`   a reminder: it is still open
`<id>:again<n>`    it came back           `<id>:closed`     its cause is gone
`many:<kind>:<window>`   those of a kind in one window that were not told one by one
`open:<kind>:<number>`   a reminder of all that are open of a kind
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.alerts import WINDOW_SECONDS, Alert
from payments_app.core.db.clock import rfc3339
from payments_app.core.db.columns import as_object
from payments_app.core.history import SYSTEM
from payments_app.core.logs import redacted
from payments_app.core.web import links
from payments_app.ops.alert_kinds import KINDS, object_of, object_path


@dataclass(frozen=True)
class Telling:
    """`key` is the same for every try. `alert_id` is None where it is about more than one, and
    `about` are words and path of the page of what it is about."""

    key: str
    kind: str
    severity: str
    words: str
    at: dt.datetime
    alert_id: int | None = None
    prefix: str = ""
    closed: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    about: tuple[str, str] | None = None

    @property
    def subject(self) -> str:
        """A mail's."""
        return f"[{self.severity}] {self.prefix}{self.words[:120]}"

    def text(self) -> str:
        """A mail's. What an older release kept beside the message may hold secrets."""
        facts = [f"{name}: {value}" for name, value in sorted(redacted(self.data).items())]
        what = "Acknowledge it at" if self.alert_id and not self.closed else "All alerts"
        ends = [f"{what}: {_all_alerts()}", ""]
        if self.about is not None:
            ends.insert(0, f"{self.about[0]}: {links.absolute(self.about[1])}")
        if self.kind in KINDS and not self.closed:
            kind = KINDS[self.kind]
            ends = [f"It means: {kind.meaning}.", f"Next: {kind.plain_step}", kind.end, "", *ends]
        return "\n".join([self.words, "", *facts, "", *ends])

    def as_json(self) -> dict[str, object]:
        """The webhook's body: for a dead letter its job, arguments, error and retries are in
        `data`."""
        facts = {name: value for name, value in redacted(self.data).items() if name != "message"}
        return {
            "type": "alert.closed" if self.closed else "alert.raised",
            "timestamp": rfc3339(self.at),
            "data": {
                "id": self.alert_id,
                "kind": self.kind,
                "key": self.key,
                "severity": self.severity,
                "reminder": 0,
                "message": self.words,
                "meaning": KINDS[self.kind].meaning if self.kind in KINDS else None,
                "next_step": KINDS[self.kind].plain_step if self.kind in KINDS else None,
                "url": _all_alerts(),
                "object_url": links.absolute(self.about[1]) if self.about else None,
                **facts,
            },
        }


def _all_alerts() -> str:
    return links.absolute(object_path("ops.alerts"))


def read(session: Session, telling: str) -> Telling | None:
    """What is to be told now; None where somebody deals with it already, or nothing is open."""
    first, _, rest = telling.partition(":")
    if first == "many":
        return _many(session, *rest.rsplit(":", 1))
    if first == "open":
        return _still_open(session, *rest.rsplit(":", 1))
    alert = session.get(Alert, int(first), populate_existing=True)
    if alert is None or (alert.acknowledged_at is not None) != (rest == "closed"):
        return None
    return _one(alert, rest)


def _one(alert: Alert, rest: str) -> Telling:
    data = {"key": alert.key, **as_object(alert.data)}
    prefix = ""
    if rest == "closed":
        prefix, data["raised_at"] = "Closed: ", rfc3339(alert.first_at)
    elif rest.startswith("again"):
        prefix = f"Again, {alert.times} times by now: "
    elif rest:
        prefix, data["reminder"] = f"Still open, reminder {rest}: ", int(rest)
    return Telling(
        key=f"alert_{alert.id}_{rest}" if rest else f"alert_{alert.id}",
        kind=alert.kind,
        severity=alert.severity,
        words=alert.message,
        at=alert.first_at,
        alert_id=alert.id,
        prefix=prefix,
        closed=rest == "closed",
        data=data,
        about=object_of(alert.kind, alert.key, data),
    )


def _many(session: Session, kind: str, window: str) -> Telling | None:
    begun = dt.datetime.fromtimestamp(int(window) * WINDOW_SECONDS, dt.UTC)
    ended = begun + dt.timedelta(seconds=WINDOW_SECONDS)
    about = (Alert.kind == kind, Alert.first_at >= begun, Alert.first_at < ended)
    gone = (Alert.acknowledged_at >= begun, Alert.acknowledged_at < ended)
    raised = _number(session, *about)
    closed = _number(session, Alert.kind == kind, Alert.acknowledged_by == SYSTEM, *gone)
    still = _number(session, Alert.kind == kind, Alert.acknowledged_at.is_(None))
    last = session.scalar(
        select(Alert.message).where(Alert.kind == kind).order_by(Alert.id.desc()).limit(1)
    )
    words = (
        f"{kind}: {raised} alerts within ten minutes, {closed} closed by themselves, {still} are"
        f" open now. The last: {last}"
    )
    severity = _severity(session, kind)
    return Telling(f"alerts_{kind}_{window}", kind, severity, words, begun, closed=not still)


def _still_open(session: Session, kind: str, number: str) -> Telling | None:
    count = _number(session, Alert.kind == kind, Alert.acknowledged_at.is_(None))
    since = session.scalar(
        select(func.min(Alert.first_at)).where(
            Alert.kind == kind, Alert.acknowledged_at.is_(None), Alert.severity == "critical"
        )
    )
    if since is None:
        return None
    words = f"{count} alerts of {kind} are open, the oldest since {rfc3339(since)}"
    key = f"alerts_open_{kind}_{since.timestamp():.0f}_{number}"
    prefix = f"Still open, reminder {number}: "
    return Telling(key, kind, "critical", words, since, prefix=prefix, data={"reminder": number})


def _number(session: Session, *which: Any) -> int:
    return session.execute(select(func.count()).select_from(Alert).where(*which)).scalar_one()


def _severity(session: Session, kind: str) -> str:
    critical = select(Alert.id).where(Alert.kind == kind, Alert.severity == "critical").limit(1)
    return "warning" if session.scalar(critical) is None else "critical"
