"""groups: what happened, each thing under what caused it.

What caused an entry is named by the message that wrote it: its key holds Stripe's event, or the
version of the payment, refund or dispute, that staged it. Entries of an earlier release have no
message: theirs is the last thing that happened to their subject before them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from payments_app.staff.causes.entry import Entry

APART = dt.timedelta(minutes=10)  # what comes so long after its cause stands by itself
_EVENT = re.compile(r"\bevt_\w+")
_VERSION = re.compile(r":(\w+):v(\d+)$")


@dataclass
class Group:
    """A `head`, its effects, and the technical steps of both."""

    head: Entry
    effects: list[Entry] = field(default_factory=list)
    steps: list[Entry] = field(default_factory=list)

    def after(self, entry: Entry) -> str:
        """How long after its head an entry was."""
        return _span((entry.at - self.head.at).total_seconds())

    @property
    def steps_words(self) -> str:
        """How many steps, how long they took, and whether one went wrong."""
        many, wrong = len(self.steps), sum(step.bad for step in self.steps)
        took = (self.steps[-1].at - self.steps[0].at).total_seconds()
        words = f"{many} technical step{'' if many == 1 else 's'}"
        words += f", {_span(took)}" if took >= 0.1 else ""
        return words + (f"; {wrong} went wrong" if wrong else "")

    @property
    def went_wrong(self) -> bool:
        """Whether a step did: then they are unfolded."""
        return any(step.bad for step in self.steps)


def groups(entries: list[Entry], *, technical: bool) -> list[Group]:
    """Entries (oldest first) under their causes; without the technical ones unless asked."""
    for number, entry in enumerate(entries):
        entry.cause = _cause(entry, entries[:number])
    found = [_group(members) for members in _members(entries)]
    if not technical:
        found = [group for group in found if not group.head.technical]
        for group in found:
            group.steps = []
    return sorted(found, key=lambda group: group.head.at)


def _cause(entry: Entry, before: list[Entry]) -> Entry | None:
    if entry.begins:
        return None
    if event := _EVENT.search(entry.key):
        return next((other for other in before if other.event == event[0]), None)
    if version := _VERSION.search(entry.key):
        made = (version[1], int(version[2]))
        if staged := next((o for o in before if (o.about, o.version) == made), None):
            return staged
    plain = [other for other in reversed(before) if not other.technical]
    subject = next((o for o in plain if o.subject and o.subject == entry.subject), None)
    if subject is not None and subject.kind == "staff":
        return subject  # it was asked for anew
    return next((other for other in plain if _leads_to(other, entry)), None)


def _leads_to(other: Entry, entry: Entry) -> bool:
    return other.about == entry.about and other.what.startswith(
        ("payment.", "refund.", "dispute.", "finding.", "retry.", "reconcile.", "fraud_warning.")
    )


def _members(entries: list[Entry]) -> Iterable[list[Entry]]:
    """Each entry with its cause's, unless it came long after."""
    found: list[list[Entry]] = []
    place: dict[int, list[Entry]] = {}
    for entry in entries:
        cause = entry.cause
        own: list[Entry] | None = None
        if cause is not None and entry.at - cause.at <= APART:
            own = place[id(cause)]
        if own is None:
            own = []
            found.append(own)
        own.append(entry)
        place[id(entry)] = own
    return _without_lone_steps(found, place)


def _without_lone_steps(
    found: list[list[Entry]], place: dict[int, list[Entry]]
) -> Iterator[list[Entry]]:
    """Steps that led to nothing go with what caused them, however long ago."""
    for members in found:
        cause = members[0].cause
        if cause is not None and all(entry.technical for entry in members):
            target = place[id(cause)]
            target.extend(members)
            place.update((id(entry), target) for entry in members)
    for members in found:
        lone = members[0].cause is not None and all(entry.technical for entry in members)
        if not lone:
            yield members


def _group(members: list[Entry]) -> Group:
    plain = [entry for entry in members if not entry.technical]
    head = plain[0] if plain else members[0]
    others = [entry for entry in members if entry is not head]
    return Group(
        head,
        [entry for entry in others if not entry.technical],
        [entry for entry in others if entry.technical],
    )


def _span(seconds: float) -> str:
    """A short time in words."""
    if seconds < 10:
        return f"{max(0, seconds):.1f} s" if seconds % 1 >= 0.05 else f"{max(0, seconds):.0f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"
