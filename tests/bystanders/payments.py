"""How it was paid, and what came after: refund, dispute, ledger, mail, webhook."""

from __future__ import annotations

from typing import Any

from payments_app.ledger.models import Entry, Journal
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.refunds.models import Refund
from tests.bystanders.ids import (
    ACCOUNT,
    CARD,
    CUSTOMER,
    DOWNLOAD,
    EMAIL,
    ENDPOINT,
    MERCHANT,
    NUMBER,
    PAID,
    RENEWAL,
    SALE,
    THEN,
    Rows,
)


def payments() -> Rows:
    paid_for = {
        PAID: ("subscription", "per_bystander_paid"),
        RENEWAL: ("subscription", "per_bystander_failed"),
        SALE: ("order", "ord_bystander"),
        DOWNLOAD: ("digital_purchase", "dig_bystander"),
    }
    records = []
    for transaction, payable in paid_for.items():
        roles = [(*payable, "pays_for"), ("customer", CUSTOMER, "customer")]
        if transaction == SALE:
            roles.append(("merchant", MERCHANT, "merchant"))
        for kind, payable_id, role in roles:
            records.append(
                {
                    "id": NUMBER + len(records),
                    "transaction_id": transaction,
                    "payable_type": kind,
                    "payable_id": payable_id,
                    "role": role,
                    "active": transaction != RENEWAL,
                    "created_at": THEN,
                }
            )
    consent = {
        "id": "agr_bystander",
        "customer_id": "acust_bystander",
        "card_id": CARD,
        "transaction_id": PAID,
        "words": "Kept",
        "version": "1",
        "given_at": THEN,
    }
    return [
        (Transaction, [_transaction(transaction) for transaction in paid_for]),
        (PaymentRecord, records),
        (CardConsent, [consent]),
    ]


def _transaction(transaction: str) -> dict[str, Any]:
    failed = transaction == RENEWAL
    end = {
        "state": "failed",
        "phase": "failed",
        "error_code": "card_declined",
        "error_message": "Your card was declined.",
        "error": {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor"},
    }
    paid = {"state": "complete", "phase": "complete", "amount_received": 5150}
    of_merchant = {
        "connected_account_id": ACCOUNT,
        "charge_type": "destination",
        "platform_fee": 150,
    }
    return (
        {
            "id": transaction,
            "amount": 5150,
            "currency": "usd",
            "email": EMAIL,
            "description": "Bystander's",
            "stripe_payment_id": f"pi_{transaction}",
            "stripe_customer_id": "cus_bystander",
            "payment_method": "pm_bystander",
            "card_brand": "visa",
            "card_last4": "1881",
            "version": 4,
            "off_session": True,
            **dict.fromkeys(("created_at", "updated_at", "phase_at", "ended_at"), THEN),
        }
        | (end if failed else paid)
        | ({"attention": IN_PART} if transaction == PAID else {})
        | (of_merchant if transaction == SALE else {})
    )


# What is so with a payment of which a part was given back, as it is stored with it.
IN_PART = {
    "status": "partly_refunded",
    "returned": 100,
    "coming": 0,
    "unconfirmed": 0,
    "taken": 0,
    "kept": 5050,
    "needs": [],
    "closed": {"retry": "complete", "pay_again": "paid"},
}


def after_payments() -> Rows:
    refund = {
        "id": "rfd_bystander",
        "transaction_id": PAID,
        "payment_created_at": THEN,
        "state": "succeeded",
        "amount": 100,
        "currency": "usd",
        "reason": "It was late",
        "requested_by": "by",
        "stripe_refund_id": "re_bystander",
        **dict.fromkeys(("created_at", "updated_at", "state_at", "sent_at"), THEN),
    }
    dispute = {
        "id": "dsp_bystander",
        "transaction_id": SALE,
        "payment_created_at": THEN,
        "stripe_dispute_id": "dp_bystander",
        "state": "won",
        "funds": "reinstated",
        "reason": "general",
        "amount": 5150,
        "currency": "usd",
        "stripe_data": {"status": "won"},
        "opened_at": THEN,
        "updated_at": THEN,
    }
    journal = {
        "id": NUMBER,
        "key": f"capture_{PAID}",
        "entry_type": "capture",
        "transaction_id": PAID,
        "currency": "usd",
        "posted_at": THEN,
    }
    entries = [
        {
            "id": NUMBER + index,
            "key": f"capture_{PAID}_{side}",
            "journal_id": NUMBER,
            "transaction_id": PAID,
            "entry_type": "capture",
            "account": account,
            "side": side,
            "amount": 5150,
            "currency": "usd",
        }
        for index, (side, account) in enumerate(
            {"debit": "stripe_balance", "credit": "sales"}.items()
        )
    ]
    return [(Refund, [refund]), (Dispute, [dispute]), (Journal, [journal]), (Entry, entries)]


def told() -> Rows:
    mail = {
        "id": "ml_bystander",
        "key": f"receipt_{PAID}",
        "kind": "receipt",
        "transaction_id": PAID,
        "recipient": EMAIL,
        "subject": "Your receipt",
        "text": "Thank you",
        "html": "Thank you",
        "state": "sent",
        "created_at": THEN,
        "sent_at": THEN,
    }
    event = {
        "id": f"webhook_{SALE}_payment.completed",
        "type": "payment.completed",
        "merchant_id": MERCHANT,
        "transaction_id": SALE,
        "body": "{}",
        "created_at": THEN,
    }
    delivery = {
        "id": "whd_bystander",
        "event_id": event["id"],
        "endpoint_id": ENDPOINT,
        "state": "delivered",
        "created_at": THEN,
        "delivered_at": THEN,
    }
    return [(Mail, [mail]), (WebhookEvent, [event]), (Delivery, [delivery])]


def all_of_payments() -> Rows:
    return [*payments(), *after_payments(), *told()]
