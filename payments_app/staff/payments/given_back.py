"""given_back: what became of payments' money after they were paid, for a page of rows at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from payments_app.ledger.models import STRIPE_FEES, Entry
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.taken import taken_of
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund, RefundState


@dataclass
class GivenBack:
    """Of one payment, in minor units of its currency: what was refunded, what a dispute holds or
    took, and what Stripe took in fees, by the currency of the balance."""

    refunded: int = 0
    disputed: int = 0
    fees: dict[str, int] = field(default_factory=dict)

    def net(self, paid: int, currency: str) -> int | None:
        """What is left of `paid`; None where a fee was taken in another currency."""
        if self.fees.keys() - {currency}:
            return None
        return paid - self.refunded - self.disputed - self.fees.get(currency, 0)


def given_back(session: Session, ids: Sequence[str]) -> dict[str, GivenBack]:
    """By payment; one of which nothing was taken has an empty one."""
    found: dict[str, GivenBack] = defaultdict(GivenBack)
    refunds = (
        select(Refund.transaction_id, func.sum(Refund.amount))
        .where(Refund.transaction_id.in_(ids), Refund.state == RefundState.SUCCEEDED)
        .group_by(Refund.transaction_id)
    )
    for id_, amount in session.execute(refunds):
        found[id_].refunded = int(amount)
    disputes = (
        select(Dispute, Transaction.currency, Transaction.paid)
        .join(Transaction, Transaction.id == Dispute.transaction_id)
        .where(Dispute.transaction_id.in_(ids), Dispute.funds != "none")
    )
    for dispute, currency, paid in session.execute(disputes):
        found[dispute.transaction_id].disputed += taken_of(dispute, currency, int(paid))
    signed = case((Entry.side == "debit", Entry.amount), else_=-Entry.amount)
    fees = (
        select(Entry.transaction_id, Entry.currency, func.sum(signed))
        .where(Entry.transaction_id.in_(ids), Entry.account == STRIPE_FEES)
        .group_by(Entry.transaction_id, Entry.currency)
    )
    for id_, currency, amount in session.execute(fees):
        found[id_].fees[currency] = int(amount)
    return found
