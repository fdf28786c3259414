"""refunds: the mails that say that money goes back, did not arrive, or was given back by the bank.

Each is written once, by what is true as it is written.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.language import Words, message
from payments_app.core.web import links
from payments_app.merchants.find import shop_name
from payments_app.notices import mails
from payments_app.notices.readers import reader_of
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.purchased import described
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.money_back import is_told, money_back, movement_of
from payments_app.subscriptions.settled import is_owed


@atomic
def write_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Runs after a refund was made, or came to nothing."""
    refund = session.get_one(Refund, refund_id, populate_existing=True)
    if not is_told(refund) and not is_owed(session, refund):
        return
    movement = movement_of(refund)
    kind, subject = "refund", message("%(shop)s: %(money)s is on its way back to you")
    if movement.failed:
        kind, subject = (
            "refund_failed",
            message("%(shop)s: Your refund of %(money)s did not arrive"),
        )
    told = Words(subject, shop=shop_name(), money=refund.money)
    sent = refund.stripe_refund_id is not None
    _write(session, kind, refund.id, refund.transaction_id, told, movement=movement, sent=sent)


@atomic
def write_lost_dispute(session: Session, dispute_id: str, _claim: Claim) -> None:
    """Runs after a dispute changed; only one that its buyer won is told of."""
    dispute = session.get_one(Dispute, dispute_id, populate_existing=True)
    if dispute.state == "lost" and dispute.funds == "withdrawn":
        subject = Words(
            "%(shop)s: Your bank gave you back %(money)s", shop=shop_name(), money=dispute.money
        )
        _write(session, "dispute_lost", dispute.id, dispute.transaction_id, subject)


def _write(
    session: Session, kind: str, about: str, transaction_id: str, subject: str, **words: Any
) -> None:
    payment = session.get_one(Transaction, transaction_id, populate_existing=True)
    if payment.state != State.COMPLETE or not payment.email:
        return
    mails.write(
        session,
        kind,
        about,
        payment.email,
        subject,
        transaction_id=payment.id,
        payment=payment,
        described=described(session, payment),
        reader=reader_of(session, payment),
        back=money_back(session, payment.id, payment.money_paid),
        site=links.absolute(""),
        **words,
    )
