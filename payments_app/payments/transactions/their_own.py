"""their_own: what a merchant took on their own account at Stripe without us, and what follows.

Of that there may be any number: it is no sale of ours, and staff are told of none of it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Later
from payments_app.gateway import charges
from payments_app.gateway.balance import retrieve_charge
from payments_app.gateway.ids import id_of
from payments_app.gateway.results import Verdict
from payments_app.payments.connect.account import our_application
from payments_app.payments.payment_of import names_of
from payments_app.payments.read_or_later import RETRY_SECONDS
from payments_app.payments.transactions.stripe_metadata import read_metadata


def is_their_own(session: Session, payment: dict[str, Any], account: str | None) -> bool:
    """Whether a merchant took this payment on their own account without us: Stripe names the
    application that made a payment there, none or another platform's. It is no sale of ours,
    whoever hears of it. Before our first one there ours is not known: what is ours says so itself.

    Source: https://docs.stripe.com/api/payment_intents/object#payment_intent_object-application
    """
    if account is None:
        return False
    application = id_of(payment.get("application"))
    if application is None:
        return True
    ours = our_application(session)
    return application != ours if ours is not None else read_metadata(payment) is None


@atomic
def was_their_own(session: Session, payment: dict[str, Any], account: str | None) -> bool:
    """The same, of what was just read."""
    return is_their_own(session, payment, account)


def is_of_their_own(body: dict[str, Any], account: str | None) -> bool:
    """Whether a refund or a dispute is of such a payment, which is read at Stripe. Raises Later
    while it can't be."""
    intent, charge = names_of(body)
    if account is None or (intent is None and charge is None):
        return False
    answer = (
        charges.retrieve_intent(intent, account)
        if intent is not None
        else retrieve_charge(str(charge), account)
    )
    if answer.body is None and answer.verdict != Verdict.INVALID:
        raise Later(RETRY_SECONDS, f"{intent or charge}: {answer.error_code}")
    return answer.body is not None and was_their_own(answer.body, account)
