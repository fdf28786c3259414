"""taken: how much of a payment a dispute holds, or has kept: what it took, less what came back. Of
one that was won less may come back than was taken."""

from __future__ import annotations

from payments_app.core.db.columns import as_object
from payments_app.core.money import code_of
from payments_app.gateway.disputes import movements_of
from payments_app.gateway.results import UnreadableError
from payments_app.payments.disputes.models import Dispute


def not_back(dispute: Dispute) -> int:
    """What it took and did not give back, in minor units of its own currency, as Stripe moved our
    balance. Of a balance in another currency, which moves at different rates: all of it or nothing.
    """
    moved = moved_by(dispute)
    if moved and all(currency == dispute.currency for _, _, currency in moved):
        return max(0, -sum(amount for _, amount, _ in moved))
    return dispute.amount if dispute.funds == "withdrawn" else 0


def taken_of(dispute: Dispute, currency: str, paid: int) -> int:
    """The same in minor units of the payment, of which `paid` was taken. A dispute in another
    currency holds all that was paid: which part of that it is, nobody says."""
    if dispute.currency == currency:
        return not_back(dispute)
    return paid if dispute.funds == "withdrawn" else 0


def moved_by(dispute: Dispute) -> list[tuple[str, int, str | None]]:
    """Id, amount (minor units; negative: taken) and currency of each movement that Stripe names."""
    try:
        movements = movements_of(as_object(dispute.stripe_data))
    except UnreadableError:
        return []
    return [(each["id"], each["amount"], code_of(each["currency"])) for each in movements]
