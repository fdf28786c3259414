"""All subscribers on one page: which commands each event stages. And what is for sale.

What a command does is in `job_commands.py`. Processes declare the events in the database
(`core/registry.py`): what a release takes out of here is staged until `flask queues forget COMMAND`
takes it out there.
"""

from __future__ import annotations

from payments_app.core.jobs.command import Subscriber
from payments_app.downloads.sell import DOWNLOADS
from payments_app.notices.receipts import NOTICE_SECONDS
from payments_app.orders.sell import PRODUCTS
from payments_app.payments.connect.read import READ_BY_REFUND
from payments_app.payments.transactions.expire import BANK_CONFIRMATION_SECONDS
from payments_app.payments.transactions.look_up import FIRST_SECONDS
from payments_app.settlement import settle
from payments_app.subscriptions.sell import PLANS

_REFUND_MOVED = (
    Subscriber("ledger.post_refund"),
    Subscriber("subscriptions.on_refund"),
    Subscriber("settlement.refund", settle.LEDGER_SECONDS),
    Subscriber(READ_BY_REFUND),
    Subscriber("notices.refund"),
)
_REFUND_PENDS = (Subscriber("refunds.look_up", FIRST_SECONDS), Subscriber("notices.refund"))

EVENTS = {
    "alert.raised": (Subscriber("alerts.mail"), Subscriber("alerts.webhook")),
    "payment.requires_action": (Subscriber("expire_action", BANK_CONFIRMATION_SECONDS),),
    "payment.awaiting_bank": (Subscriber("look_up", FIRST_SECONDS),),
    "payment.unknown": (Subscriber("look_up", FIRST_SECONDS),),
    "payment.completed": (
        Subscriber("ledger.post_capture"),
        Subscriber("ledger.post_fee"),
        Subscriber("customers.on_payment"),
        Subscriber("subscriptions.on_payment"),
        Subscriber("downloads.on_payment"),
        Subscriber("settlement.capture", settle.FEE_GRACE_SECONDS),
        Subscriber("orders.on_payment"),
        Subscriber("notices.receipt"),
        Subscriber("notices.announce_payment"),
    ),
    "payment.failed": (
        Subscriber("payment_requests.on_decline"),
        Subscriber("customers.on_payment"),
        Subscriber("subscriptions.on_payment"),
        Subscriber("downloads.on_payment"),
        Subscriber("orders.on_payment"),
        Subscriber("notices.payment_failed", NOTICE_SECONDS),
        Subscriber("notices.announce_payment"),
    ),
    "payment.canceled": (
        Subscriber("subscriptions.on_payment"),
        Subscriber("downloads.on_payment"),
        Subscriber("orders.on_payment"),
        Subscriber("notices.payment_failed", NOTICE_SECONDS),
        Subscriber("notices.announce_payment"),
    ),
    "connect.recorded": (Subscriber("ledger.post_connect"),),
    "ledger.posted": (Subscriber("settlement.posted"),),
    "dispute.changed": (
        Subscriber("ledger.post_dispute"),
        Subscriber("orders.on_dispute"),
        Subscriber("subscriptions.on_dispute"),
        Subscriber("payment_requests.on_dispute"),
        Subscriber("settlement.dispute", settle.LEDGER_SECONDS),
        Subscriber("notices.dispute_lost"),
    ),
    "refund.succeeded": (*_REFUND_MOVED, Subscriber("notices.announce_refund")),
    "refund.failed": (*_REFUND_MOVED, Subscriber("notices.announce_refund")),
    "refund.canceled": _REFUND_MOVED,
    "refund.pending": _REFUND_PENDS,
    "refund.requires_action": _REFUND_PENDS,
    "refund.unknown": (Subscriber("refunds.look_up", FIRST_SECONDS),),
}

# What can be bought by a name, in the shop's order.
SELLABLES = (PRODUCTS, DOWNLOADS, PLANS)
