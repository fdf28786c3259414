"""amounts: what a bill comes to, with what is carried over from before."""

from __future__ import annotations

from payments_app.core.money import CURRENCIES, Money, chargeable, maximum
from payments_app.subscriptions.models import Plan


def amount_due(plan: Plan, balance: int) -> tuple[int, int]:
    """What the next bill is, and what is left over for the one after: what can't be charged (a
    credit, or less than the least that Stripe takes) is carried on. A currency that the shop can't
    take, and more than the most that Stripe takes, make nothing free: the payment is refused."""
    total = plan.amount + balance
    taken = plan.currency in CURRENCIES and total <= maximum(plan.currency)
    if total <= 0 or (taken and chargeable(Money(total, plan.currency))):
        return 0, total
    return total, 0
