"""Which events are handled, and how: one table for each payload. Every other is answered 200,
ignored and counted.

Source: https://docs.stripe.com/api/events/types
"""

from __future__ import annotations

from dataclasses import dataclass

from payments_app.gateway.events import SNAPSHOT, THIN, Event

PROCESS = "inbound.process"


@dataclass(frozen=True)
class Handling:
    """Stage `command` for what the object holds in `subject`, or else for the object itself; no
    command: a record, no more. `of_account`: it is for the account that the event is of;
    `names_account`: it is about a payment, and its subject names that account as well; `of_ours`:
    on a merchant's account it is a record, no more."""

    command: str | None = None
    subject: str = "id"
    of_account: bool = False
    names_account: bool = False
    of_ours: bool = False


_PROCESS_INTENT = Handling(PROCESS)
_REFUND = Handling("refunds.refresh", "payment_intent", names_account=True)
_DISPUTE = Handling("disputes.refresh", "payment_intent", names_account=True)
_RECORD_ONLY = Handling()
_SUBSCRIBED = Handling("customers.subscribed_at_stripe", "customer", of_ours=True)
_INVOICE_FAILED = Handling("customers.invoice_failed_at_stripe", "customer", of_ours=True)
_CARD = Handling("customers.read_card", of_ours=True)
_ACCOUNT = Handling("merchants.refresh_account", of_account=True)
_TRANSFER = Handling("connect.read_by_charge", "source_transaction", of_ours=True)
_FEE = Handling("connect.read_by_charge", "charge", of_ours=True)
_PAYOUT = Handling("reconcile.read_payout", of_ours=True)

HANDLINGS = {
    "payment_intent.succeeded": _PROCESS_INTENT,
    "payment_intent.payment_failed": _PROCESS_INTENT,
    "payment_intent.processing": _PROCESS_INTENT,
    "payment_intent.requires_action": _PROCESS_INTENT,
    "payment_intent.canceled": _PROCESS_INTENT,
    "setup_intent.succeeded": _PROCESS_INTENT,
    "setup_intent.setup_failed": _PROCESS_INTENT,
    "refund.created": _REFUND,
    "refund.updated": _REFUND,
    "refund.failed": _REFUND,
    "charge.refunded": _REFUND,
    "charge.dispute.created": _DISPUTE,
    "charge.dispute.updated": _DISPUTE,
    "charge.dispute.closed": _DISPUTE,
    "charge.dispute.funds_withdrawn": _DISPUTE,
    "charge.dispute.funds_reinstated": _DISPUTE,
    "radar.early_fraud_warning.created": Handling("disputes.warn", names_account=True),
    "customer.subscription.created": _SUBSCRIBED,
    "invoice.payment_failed": _INVOICE_FAILED,
    "customer.deleted": Handling("customers.read_customer", of_ours=True),
    "payment_method.detached": _CARD,
    "payment_method.updated": _CARD,
    "payment_method.automatically_updated": _CARD,
    "account.updated": _ACCOUNT,
    "account.application.deauthorized": _ACCOUNT,
    "capability.updated": _ACCOUNT,
    "transfer.created": _TRANSFER,
    "transfer.reversed": _TRANSFER,
    "application_fee.created": _FEE,
    "application_fee.refunded": _FEE,
    "payout.paid": _PAYOUT,
    "payout.failed": _PAYOUT,
    "payout.canceled": _PAYOUT,
    "payout.updated": _PAYOUT,
    "payout.reconciliation_completed": _PAYOUT,
}

# https://docs.stripe.com/api/v2/core/accounts/event-types
THIN_HANDLINGS = {
    "v2.core.account.closed": _ACCOUNT,
    "v2.core.account.updated": _ACCOUNT,
    "v2.core.account[configuration.merchant].capability_status_updated": _ACCOUNT,
    "v2.core.account[configuration.merchant].updated": _ACCOUNT,
    "v2.core.account[configuration.recipient].capability_status_updated": _ACCOUNT,
    "v2.core.account[configuration.recipient].updated": _ACCOUNT,
    "v2.core.account[requirements].updated": _ACCOUNT,
}

_TABLES = {SNAPSHOT: HANDLINGS, THIN: THIN_HANDLINGS}


def handling_of(event: Event) -> Handling | None:
    """How this event is handled, if it is."""
    return _TABLES.get(event.object, {}).get(event.type)
