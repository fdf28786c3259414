"""truth_facts: what the truth about a payment follows from, read from the database or made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RefundFact:
    """A refund, in minor units."""

    id: str
    state: str
    amount: int
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True)
class DisputeFact:
    """A dispute, in minor units of the payment; `taken` is what it took and did not give back.
    `needs_answer` and `closed` as its state says; `until` is ISO."""

    id: str
    state: str
    amount: int
    needs_answer: bool
    closed: bool
    withdrawn: bool
    taken: int = 0
    until: str | None = None


@dataclass(frozen=True)
class Facts:
    """All that the truth about a payment follows from. `attempts` are the ids and states of all
    attempts at the same payable, the oldest first, itself among them; None where it pays for
    nothing. `released` are those that are complete and were given back, so that it may be paid
    anew (`states.stop_holding`). `gave_intent` says that a later attempt has its intent.
    `warnings` are ids of early fraud warnings, `findings` and `dead` are (id, kind or command) of
    what is open. `answered` are keys of needs that a person closed."""

    id: str
    phase: str
    state: str
    paid: int
    error: Mapping[str, Any] | None = None
    attempts: Sequence[tuple[str, str]] | None = ()
    released: frozenset[str] = frozenset()
    gave_intent: bool = False
    retry_asked: bool = False
    refunds: Sequence[RefundFact] = ()
    disputes: Sequence[DisputeFact] = ()
    warnings: Sequence[str] = ()
    findings: Sequence[tuple[int, str]] = ()
    dead: Sequence[tuple[int, str]] = ()
    answered: frozenset[str] = frozenset()
