"""A campaign's outcome in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chaos.campaign import Outcome
from chaos.comparison import RULE

BY_JOB = 0.95  # of all charges, at least


def lines(outcome: Outcome) -> Iterator[str]:
    """The report, line by line."""
    yield f"seed {outcome.seed}, {outcome.buyers} buyers, {outcome.seconds:.0f} s"
    spans = ", ".join(f"{what} {seconds:.0f}" for what, seconds in outcome.spans.items())
    yield f"seconds: {spans}"
    yield f"payments: {outcome.payments} ({_listed(outcome.phases)})"
    yield f"faults: {outcome.faults.total()} ({_listed(outcome.faults)})"
    spoiled = outcome.stripe_faults
    yield f"calls spoiled at Stripe: {spoiled.total()} ({_listed(spoiled)})"
    yield _begun(outcome)
    yield f"requests: {_listed(outcome.answers)}"
    yield f"processes restarted: {outcome.restarts}; books read meanwhile: {outcome.looks} times"
    yield f"corrected to match Stripe: {outcome.corrections}"
    yield f"afterwards: {_listed(outcome.after)}"
    yield _drained(outcome)
    alarms = sum(v.invariant == RULE for v in outcome.violations)
    meanwhile = _listed(outcome.findings)
    yield f"false alarms of its own comparison: {alarms}; its rounds meanwhile found: {meanwhile}"
    yield f"violations: {len(outcome.violations)}"
    kinds = Counter(violation.invariant for violation in outcome.violations)
    for name, times in kinds.most_common():
        yield f"  {times} x {name}"
    for violation in outcome.violations:
        yield f"  {violation}"
    if not outcome.violations and outcome.payments:
        bound = 3 / outcome.payments
        yield (
            f"0 of {outcome.payments} payments lost, doubled or misreported: "
            f"under {bound:.2%} of them at 95 % confidence"
        )


def _begun(outcome: Outcome) -> str:
    """Redis only wakes: with it well nearly every charge begins in a job. Faults strike it, too,
    and then workers that look themselves are what is wanted: a lower share breaks nothing."""
    share = outcome.started["by a job"] / max(1, outcome.started.total())
    verdict = "met" if share >= BY_JOB else "missed"
    told = f"{_listed(outcome.started)}; {share:.1%} by a job"
    return f"charges begun: {told}; at least {BY_JOB:.0%} with Redis well: {verdict}"


def _drained(outcome: Outcome) -> str:
    if outcome.drain_seconds is None:
        return "drained: never"
    note = " (the product's waits cut short)" if outcome.hurried else ""
    drained = f"drained {outcome.drain_seconds:.0f} s after the last fault or order{note}"
    if outcome.follow_up_seconds is None:
        return f"{drained}; what follows a payment: never"
    return f"{drained}; what follows a payment {outcome.follow_up_seconds:.0f} s later, hurried"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{times} {name}" for name, times in counts.most_common()) or "none"
