"""closed_actions: why a payment can't be retried, refunded or paid again."""

from __future__ import annotations

from payments_app.gateway.declines import decline_policy
from payments_app.payments.phases import State
from payments_app.payments.truth_facts import Facts

# Why an action is not open, to staff.
RETRY_CLOSED = {
    "complete": "This payment succeeded. There is nothing to retry.",
    "pending": "This payment is still pending. We're checking with Stripe.",
    "paid": "Another attempt succeeded. There is nothing to retry.",
    "under_way": "A newer attempt is under way: wait for its outcome.",
    "newer": "A newer attempt was made: retry that one.",
    "policy": "This payment must not be retried.",
    "in_progress": "A retry is already in progress.",
    "no_payable": "This payment has no order or subscription. Charge the customer again instead.",
}
REFUND_CLOSED = {
    "not_paid": "You can only refund a successful payment.",
    "free": "This payment was free. There is nothing to refund.",
    "disputed": "This payment is disputed. The bank has taken the money back, so you can't refund "
    "it.",
    "nothing_left": "There is nothing left to refund of this payment.",
}


def retry_closed(facts: Facts) -> str | None:
    """Why staff can't retry it, as a code of RETRY_CLOSED; None where they can."""
    if facts.state != State.FAILED:
        return "complete" if facts.state == State.COMPLETE else "pending"
    others = facts.attempts or ()
    if any(state == State.COMPLETE for _, state in others):
        return "paid"
    if any(state == State.PENDING for _, state in others):
        return "under_way"
    if (others and others[-1][0] != facts.id) or facts.gave_intent:
        return "newer"
    policy = decline_policy(facts.error)
    if policy is not None and not policy.retry:
        return "policy"
    if facts.attempts is None:
        return "no_payable"
    return "in_progress" if facts.retry_asked else None


def refund_closed(state: str, paid: int, left: int, *, withdrawn: bool) -> str | None:
    """Why nothing of it can be refunded, as a code of REFUND_CLOSED; None where something can."""
    if state != State.COMPLETE:
        return "not_paid"
    if paid == 0:
        return "free"
    if withdrawn:
        return "disputed"
    return None if left > 0 else "nothing_left"


def pay_again_closed(facts: Facts) -> str | None:
    """Why the buyer has nothing more to pay for it here."""
    others = (state for id_, state in facts.attempts or () if id_ not in facts.released)
    states = {facts.state, *others}
    if State.COMPLETE in states:
        return "paid"
    return "under_way" if State.PENDING in states else None
