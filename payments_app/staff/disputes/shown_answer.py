"""An answer to a dispute as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payments_app.accounts.people import names_of
from payments_app.core.extensions import db
from payments_app.payments.disputes import evidence as rules
from payments_app.payments.disputes.answer_models import DisputeAnswer
from payments_app.payments.disputes.models import Dispute
from payments_app.staff.zones import reader_zone, when


@dataclass(frozen=True)
class ShownAnswer:
    """An answer as a page shows it; `accepted` says that the dispute is given up instead."""

    state: str
    revision: int
    kept: bool
    problem: str | None
    saved: str
    submitted: str
    accepted: bool


def evidence_fields(found: Dispute) -> dict[str, Any]:
    """What may be said to the bank, what persuades it first."""
    persuasion = rules.persuasion(found.reason)
    return {
        "persuasion": persuasion,
        "missing": [rules.FILES[name] for name in persuasion.fields if name in rules.FILES],
        "texts": rules.TEXTS,
        "first": ("uncategorized_text", *(n for n in persuasion.fields if n in rules.TEXTS)),
        "kinds": rules.FILES,
        "most": rules.MOST_IN_ALL,
    }


def shown_answer(answer: DisputeAnswer | None) -> ShownAnswer | None:
    """None of no answer."""
    if answer is None:
        return None
    zone = reader_zone()
    names = names_of(db.session(), [answer.saved_by, answer.submitted_by or ""])

    def told(by: str | None, at: Any) -> str:
        moment = when(at, zone)
        return f"{names.get(by or '', by or '')}, {moment.text}" if by and moment else ""

    return ShownAnswer(
        answer.state,
        answer.revision,
        answer.kept_revision >= answer.revision,
        answer.problem,
        told(answer.saved_by, answer.saved_at),
        told(answer.submitted_by, answer.accepted_at or answer.submitted_at),
        answer.accepted_at is not None,
    )
