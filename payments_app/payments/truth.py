"""truth: what is so with a payment, what needs doing, by whom, until when, and which actions are
open. One pure function of all that can change the answer.

Where more is true than a payment's own row says, the result is kept in its `attention`, in the
database transaction that changed an input (`payments_app/attention`). NULL there means that what
follows from the row alone is all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from payments_app.payments.closed_actions import pay_again_closed, refund_closed, retry_closed
from payments_app.payments.owed import still_owed
from payments_app.payments.phases import Phase, State
from payments_app.payments.truth_facts import Facts

# Statuses of a payment beside its phases, which are statuses too.
DISPUTED, DISPUTE_LOST, DISPUTE_WON = "disputed", "dispute_lost", "dispute_won"
REFUND_FAILED, REFUND_PENDING = "refund_failed", "refund_pending"
REFUNDED, PARTLY_REFUNDED = "refunded", "partly_refunded"

_GAVE_NOTHING = ("failed", "canceled")  # refunds in these states
_UNCONFIRMED = ("requested", "processing", "unknown")
_NAMED = {"what", "key", "by"}  # without which a need is none
LISTED = "refund_listed"  # the error code of one that Stripe made as another row


@dataclass(frozen=True)
class Need:
    """Something that a person must do. `key` names it for good, as the alert about it does. `by`
    is the permission that it takes, `until` an ISO moment, `about` what the words need: a refund's
    error, a command, a finding's kind."""

    what: str
    key: str
    by: str
    until: str | None = None
    amount: int | None = None
    about: str | None = None


@dataclass(frozen=True)
class Truth:
    """`returned`, `coming` (on its way back, of which `unconfirmed` is not known to be at Stripe),
    `taken` (by disputes that are over) and `kept` of what was paid, in minor units. `closed` says
    of each action that is not open why: a code of RETRY_CLOSED or REFUND_CLOSED; `pay_again` is the
    buyer's own."""

    status: str
    returned: int = 0
    coming: int = 0
    unconfirmed: int = 0
    taken: int = 0
    kept: int = 0
    needs: tuple[Need, ...] = ()
    closed: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As a row keeps it."""
        return {**asdict(self), "needs": [asdict(need) for need in self.needs]}


def truth(facts: Facts) -> Truth:
    """What is so."""
    gone = [refund.state not in _GAVE_NOTHING for refund in facts.refunds]
    amounts = list(zip(facts.refunds, gone, strict=True))
    returned = sum(r.amount for r in facts.refunds if r.state == "succeeded")
    back = sum(refund.amount for refund, counts in amounts if counts)
    unconfirmed = sum(r.amount for r in facts.refunds if r.state in _UNCONFIRMED)
    withdrawn = any(dispute.withdrawn for dispute in facts.disputes)
    taken = sum(dispute.taken for dispute in facts.disputes if dispute.closed)
    left = facts.paid - back - taken
    needs = tuple(
        need
        for need in (
            *_dispute_needs(facts),
            *_refund_needs(facts, left=left, withdrawn=withdrawn),
            *_warning_needs(facts, left=facts.paid - back),
            *(
                Need("dead_job", f"dead_letter:{id_}", "dead_letters", about=c)
                for id_, c in facts.dead
            ),
            *(Need("finding", f"finding:{id_}", "technical", about=k) for id_, k in facts.findings),
        )
        if need.key not in facts.answered
    )
    closed = {
        "retry": retry_closed(facts),
        "refund": refund_closed(facts.state, facts.paid, left, withdrawn=withdrawn),
        "pay_again": pay_again_closed(facts),
    }
    return Truth(
        _status(facts, needs, returned=returned, coming=back - returned, taken=taken),
        returned,
        back - returned,
        unconfirmed,
        taken,
        max(0, left),
        needs,
        {action: code for action, code in closed.items() if code},
    )


def plain(row: Any) -> Truth:
    """What follows from a payment's row alone: its id, phase, state, paid and error."""
    return truth(_alone(row))


def truth_of(row: Any) -> Truth:
    """The truth that a row has stored: the one that lists, pages, files and programs read. Another
    release may have stored it, before an update or a way back: what this one does not know of is
    left out, and where it says nothing the row alone does."""
    kept = row.attention
    if not isinstance(kept, dict) or "status" not in kept:
        return plain(row)
    return Truth(**{**_known(Truth, kept), "needs": needs_of(kept)})


def needs_of(attention: Any) -> tuple[Need, ...]:
    """What a person must do, of a row's `attention`."""
    kept = attention.get("needs", ()) if isinstance(attention, dict) else ()
    return tuple(Need(**_known(Need, need)) for need in kept if need.keys() >= _NAMED)


def _known(what: type[Truth] | type[Need], kept: Mapping[str, Any]) -> dict[str, Any]:
    return {name.name: kept[name.name] for name in fields(what) if name.name in kept}


def _alone(row: Any) -> Facts:
    itself = ((row.id, row.state),)
    error = row.error if isinstance(row.error, dict) else None
    return Facts(row.id, row.phase, row.state, row.paid, error, attempts=itself)


def _dispute_needs(facts: Facts) -> list[Need]:
    return [
        Need("dispute", f"dispute:{d.id}:{d.state}", "answer_dispute", d.until, d.amount)
        for d in facts.disputes
        if d.needs_answer
    ]


def _refund_needs(facts: Facts, *, left: int, withdrawn: bool) -> list[Need]:
    """Refunds of which the money did not arrive and is owed still."""
    if withdrawn:
        return []
    made = [refund for refund in facts.refunds if refund.error_code != LISTED]
    owed = still_owed([(refund.amount, refund.state in _GAVE_NOTHING) for refund in made], left)
    return [
        Need(
            REFUND_FAILED,
            f"refund_failed:{refund.id}",
            "refund",
            amount=refund.amount,
            about=refund.error_message,
        )
        for refund, due in zip(made, owed, strict=True)
        if due
    ]


def _warning_needs(facts: Facts, *, left: int) -> list[Need]:
    if facts.disputes or left <= 0:
        return []
    return [Need("fraud_warning", f"early_fraud_warning:{id_}", "refund") for id_ in facts.warnings]


def _status(facts: Facts, needs: Sequence[Need], *, returned: int, coming: int, taken: int) -> str:
    if facts.state != State.COMPLETE:
        return facts.phase
    if any(not dispute.closed for dispute in facts.disputes):
        return DISPUTED
    if any(need.what == REFUND_FAILED for need in needs):
        return REFUND_FAILED
    if any(dispute.withdrawn for dispute in facts.disputes):
        return DISPUTE_LOST
    if taken:  # won, and less came back
        return DISPUTE_WON
    if returned >= facts.paid > 0:
        return REFUNDED
    if coming:
        return REFUND_PENDING
    return PARTLY_REFUNDED if returned else Phase.COMPLETE
