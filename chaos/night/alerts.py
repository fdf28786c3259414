"""Who was told what in a night: each alert once, and once more when it closed."""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chaos.invariants import Violation
from chaos.night.site import ON_CALL, NightSite

AWAY = "database_away"  # told by the sweeper itself, of no row
_WINDOW_SECONDS = 600  # of those of a kind beyond the third, which one mail tells
_SYSTEM = "system"
_ROWS = """
    SELECT id, kind, extract(epoch FROM first_at), extract(epoch FROM acknowledged_at),
           acknowledged_by
    FROM pay_alerts ORDER BY id
"""
# The mail of many comes at the end of its ten minutes; nobody waits for those here.
SUMMARIES_DUE = """
    UPDATE pay_outbox SET available_at = clock_timestamp()
    WHERE subject LIKE 'many:%' AND done_at IS NULL AND available_at > clock_timestamp()
"""


@dataclass(frozen=True)
class Alert:
    """Moments in seconds since 1970. `told` and `told_closed` count the mails of it alone, `many`
    says whether a summary has it."""

    key: str
    kind: str
    raised: float
    closed: float | None
    told: int
    told_closed: int
    many: bool = False
    many_closed: bool = False

    def wrong(self) -> str | None:
        """What is not as it should be."""
        if self.closed is None:
            return "is open"
        for words, times, many in (
            ("told", self.told, self.many),
            ("told to be closed", self.told_closed, self.many_closed),
        ):
            if times != 1 and not (times == 0 and many):
                return f"was {words} {times} times"
        return None


def mails(site: NightSite) -> Counter[str]:
    """How often whoever is on call was sent what, by the mail's key."""
    found: Counter[str] = Counter()
    for path in site.mailbox.mails.glob("*.eml"):
        head = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if ON_CALL in str(head["To"]):
            found[str(head["Message-ID"]).strip().lstrip("<").partition("@")[0]] += 1
    return found


def read(site: NightSite) -> list[Alert]:
    """All of the night."""
    sent = mails(site)
    with site.database() as connection:
        rows = connection.execute(_ROWS).fetchall()
    return [*(_of_row(sent, *row) for row in rows), *_of_sweeper(sent)]


def wrongs(alerts: list[Alert]) -> list[Violation]:
    """Every alert that was not told once, closed, and told once to be closed."""
    return [
        Violation("every_alert_is_told_once_and_closed", f"{alert.kind} ({alert.key}) {wrong}")
        for alert in alerts
        if (wrong := alert.wrong())
    ]


def _of_row(
    sent: Mapping[str, int], id_: int, kind: str, raised: float, closed: float | None, by: str
) -> Alert:
    return Alert(
        key=f"alert_{id_}",
        kind=kind,
        raised=float(raised),
        closed=float(closed) if closed and by == _SYSTEM else None,
        told=sent[f"alert_{id_}"],
        told_closed=sent[f"alert_{id_}_closed"],
        many=_in_summary(sent, kind, float(raised)),
        many_closed=closed is not None and _in_summary(sent, kind, float(closed)),
    )


def _in_summary(sent: Mapping[str, int], kind: str, moment: float) -> bool:
    return sent[f"alerts_{kind}_{int(moment // _WINDOW_SECONDS)}"] == 1


def _of_sweeper(sent: Counter[str]) -> Iterator[Alert]:
    """Its keys end in the moment since when the database was away, then in what is told of it."""
    named = {key for key in sent if key.startswith(f"alert_{AWAY}_")}
    for key in sorted(name for name in named if name.rpartition("_")[2].isdigit()):
        since = key.rpartition("_")[2]
        if len(since) < 9:  # the number of a reminder
            continue
        closed = sent[f"{key}_closed"]
        yield Alert(key, AWAY, float(since), float(since) if closed else None, sent[key], closed)
