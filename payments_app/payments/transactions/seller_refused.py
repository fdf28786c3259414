"""seller_refused: Stripe does not let a merchant be paid, and said so before anything moved.

An intent that was never made, or never confirmed, moves no money: the payment ends as failed,
rather than wait for a merchant to come back. Their account is read again, so that the next buyer
is told before they pay.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.gateway.misconfigured import is_about_account
from payments_app.gateway.results import Answer, Verdict
from payments_app.merchants.refresh_account import stage_refresh
from payments_app.payments import states
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.apply_stripe_state import end, note_call
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot

_NOT_PAYABLE = frozenset({"account_invalid", "insufficient_capabilities_for_transfer"})


def is_refusal(snapshot: ChargeSnapshot, answer: Answer) -> bool:
    """Whether a call was refused because of whom the payment pays: on a merchant's own account
    403, or 400 where that account may not charge; on ours 400 about the transfer. A refused key of
    our own is nobody's payment's fault."""
    error = answer.error or {}
    if answer.verdict == Verdict.MISCONFIGURED:
        about_them = answer.error_type == "permission_error" or is_about_account(answer)
        return snapshot.account is not None and about_them
    about_transfer = str(error.get("param") or "").startswith("transfer_data")
    refused = error.get("code") in _NOT_PAYABLE or about_transfer
    return snapshot.seller is not None and answer.verdict == Verdict.INVALID and refused


@atomic
def end_refused(session: Session, snapshot: ChargeSnapshot, answer: Answer) -> None:
    """End the payment with Stripe's refusal, tell staff, and have the account read again."""
    states.lock(session, snapshot.transaction_id)
    note_call(session, snapshot.transaction_id, answer)
    error = answer.error or {}
    end(session, snapshot.transaction_id, Phase.FAILED, error)
    stage_refresh(session, snapshot.seller or "")
    alerts.raise_alert(
        session,
        "seller_refused",
        f"seller_refused:{snapshot.seller}",
        f"Stripe refuses payments for {snapshot.seller}: {error.get('message')}",
        transaction_id=snapshot.transaction_id,
    )
