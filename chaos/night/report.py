"""A night in words: a table of its faults, then what was broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chaos.night.alerts import Alert
from chaos.night.run import DRAIN_SECONDS, Outcome, Struck

_HEAD = (
    "fault",
    "seconds",
    "payments touched",
    "tries turned away",
    "drained after",
    "alerts told",
    "closed",
)


def is_good(outcome: Outcome) -> bool:
    """Whether nothing was broken, and all had drained in time after the last fault."""
    drained = outcome.faults[-1].drained if outcome.faults else None
    return not outcome.violations and drained is not None and drained <= DRAIN_SECONDS


def lines(outcome: Outcome) -> Iterator[str]:
    """The report, line by line; the table is Markdown."""
    buyers = f"{outcome.buyers} buyers, {outcome.payments} payments, {outcome.refunds} refunds"
    yield f"seed {outcome.seed}, scale {outcome.scale:g}: {buyers}, {outcome.seconds:.0f} s"
    yield f"payments: {_listed(outcome.phases)}; requests: {_listed(outcome.answers)}"
    yield ""
    yield f"| {' | '.join(_HEAD)} |"
    yield f"|{'---|' * len(_HEAD)}"
    yield from map(_row, outcome.faults)
    yield ""
    if outcome.other_alerts:
        yield f"before the first fault: {_kinds(outcome.other_alerts)}"
    yield f"violations: {len(outcome.violations)}"
    for violation in outcome.violations:
        yield f"  {violation}"
    if not outcome.violations:
        yield f"0 of {outcome.payments} payments lost, doubled or misreported"


def _row(struck: Struck) -> str:
    drained = "never" if struck.drained is None else f"{struck.drained:.0f} s"
    closed = sum(alert.wrong() is None for alert in struck.alerts)
    cells = (
        struck.kind.name,
        f"{struck.ended - struck.began:.0f}",
        str(struck.touched),
        str(struck.turned_away),
        drained,
        _kinds(struck.alerts),
        str(closed),
    )
    return f"| {' | '.join(cells)} |"


def _kinds(alerts: list[Alert]) -> str:
    counts = Counter(alert.kind for alert in alerts)
    return ", ".join(f"{times} {kind}" for kind, times in counts.most_common()) or "none"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{times} {name}" for name, times in counts.most_common()) or "none"
