"""given_back: what of a customer's payments went back to them, for their account."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, or_
from sqlalchemy.orm import Session

from payments_app.customers.models import Customer
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.purchased import described
from payments_app.payments.queries import attempts
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.money_back import MoneyBack, money_back

NEWEST = 10  # that a page shows at first


@dataclass(frozen=True)
class GivenBack:
    """A payment, what it was for, and what of it went back."""

    payment: Transaction
    described: str
    back: MoneyBack


def given_back(
    session: Session, customer_id: str, *, whole: bool = False
) -> tuple[list[GivenBack], bool]:
    """Of the NEWEST payments of which something went back, or came to nothing, or of the `whole`;
    newest first. And whether there are more."""
    paid = (
        attempts(Customer.payable_type, customer_id, Role.CUSTOMER)
        .where(
            Transaction.state == State.COMPLETE,
            or_(
                exists().where(Refund.transaction_id == Transaction.id),
                exists().where(Dispute.transaction_id == Transaction.id),
            ),
        )
        .order_by(Transaction.created_at.desc(), Transaction.id)
    )
    payments = session.scalars(paid if whole else paid.limit(NEWEST + 1)).all()
    shown = payments if whole else payments[:NEWEST]
    found = [
        GivenBack(one, described(session, one), money_back(session, one.id, one.money_paid))
        for one in shown
    ]
    return [one for one in found if one.back.movements], len(payments) > len(shown)
