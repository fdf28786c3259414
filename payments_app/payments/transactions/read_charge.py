"""read_charge: an intent may name no charge for a moment after it succeeded: it is read again."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.gateway import charges
from payments_app.gateway.ids import id_of
from payments_app.gateway.results import Answer, Verdict
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.payment_of import charge_of
from payments_app.payments.transactions.apply_stripe_state import note_call
from payments_app.payments.transactions.keep_answer import keep_answer


def read_charge(transaction_id: str) -> None:
    """Keep the charge of a complete payment that is known without one, if Stripe names it now."""
    intent_id, account = _intent(transaction_id)
    answer = charges.retrieve_intent(intent_id, account)
    if answer.verdict == Verdict.SUCCEEDED and id_of(answer.expect_body().get("latest_charge")):
        _keep(transaction_id, answer)


@atomic
def _intent(session: Session, transaction_id: str) -> tuple[str, str | None]:
    transaction = states.lock(session, transaction_id)
    if transaction.stripe_payment_id is None:
        raise LookupError(f"{transaction_id} was paid, and names no intent")
    return transaction.stripe_payment_id, account_of(transaction)


@atomic
def _keep(session: Session, transaction_id: str, answer: Answer) -> None:
    transaction = states.lock(session, transaction_id)
    if charge_of(transaction) is None:
        note_call(session, transaction_id, answer)
        keep_answer(transaction, answer)
