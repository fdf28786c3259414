"""Which events are handled, and how: one table. Every other type is answered 200 and ignored.

Source: https://docs.stripe.com/api/events/types
"""

from __future__ import annotations

from dataclasses import dataclass

PROCESS = "inbound.process"


@dataclass(frozen=True)
class Handling:
    """Stage `command` for what the object holds in `subject`, or else for the object itself; no
    command: a record, no more. `of_account`: it is for the account that the event is of;
    `names_account`: its subject names that account as well; `of_ours`: on a merchant's account it
    is a record, no more."""

    command: str | None = None
    subject: str = "id"
    of_account: bool = False
    names_account: bool = False
    of_ours: bool = False


_APPLY = Handling(PROCESS)
_REFUND = Handling("refunds.refresh", "payment_intent", names_account=True)
_DISPUTE = Handling("disputes.refresh", "payment_intent", names_account=True)
_RECORD = Handling()
_SUBSCRIBED = Handling("customers.subscribed_at_stripe", "customer", of_ours=True)
_INVOICE_FAILED = Handling("customers.invoice_failed_at_stripe", "customer", of_ours=True)
_CARD = Handling("customers.read_card", of_ours=True)
_ACCOUNT = Handling("merchants.refresh_account", of_account=True)
_TRANSFER = Handling("connect.read_by_charge", "source_transaction")
_FEE = Handling("connect.read_by_charge", "charge")

HANDLINGS = {
    "payment_intent.succeeded": _APPLY,
    "payment_intent.payment_failed": _APPLY,
    "payment_intent.processing": _APPLY,
    "payment_intent.requires_action": _APPLY,
    "payment_intent.canceled": _APPLY,
    "setup_intent.succeeded": _APPLY,
    "setup_intent.setup_failed": _APPLY,
    "refund.created": _REFUND,
    "refund.updated": _REFUND,
    "refund.failed": _REFUND,
    "charge.refunded": _REFUND,
    "charge.dispute.created": _DISPUTE,
    "charge.dispute.updated": _DISPUTE,
    "charge.dispute.closed": _DISPUTE,
    "charge.dispute.funds_withdrawn": _DISPUTE,
    "charge.dispute.funds_reinstated": _DISPUTE,
    "radar.early_fraud_warning.created": _RECORD,
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
}
