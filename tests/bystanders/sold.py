"""What the bystander bought: an order, a download, and a subscription whose last bill failed."""

from __future__ import annotations

import datetime as dt

from payments_app.downloads.models import DigitalProduct, DigitalPurchase
from payments_app.orders.line_models import OrderLine
from payments_app.orders.models import Order
from payments_app.orders.product_models import Product
from payments_app.payment_requests.models import PaymentRequest
from payments_app.subscriptions.models import Plan, Subscription
from payments_app.subscriptions.periods import Period
from tests.bystanders.ids import (
    CARD,
    CUSTOMER,
    FAR,
    MERCHANT,
    NUMBER,
    PAID,
    RENEWAL,
    SUBSCRIPTION,
    THEN,
    Rows,
)


def sold() -> Rows:
    thing = {"id": NUMBER, "name": "Bystander's", "amount": 5150, "currency": "usd"}
    price = {"amount": 5150, "currency": "usd"}
    product = thing | {"slug": "by-thing", "stock": 7, "active": False, "updated_at": THEN}
    order = {
        "id": "ord_bystander",
        "number": "BY-1",
        "customer_id": CUSTOMER,
        "merchant_id": MERCHANT,
        "status": "paid",
        "hold": "taken",
        "total": 5150,
        "currency": "usd",
        "paid_at": THEN,
        "created_at": THEN,
    }
    line = {
        "id": NUMBER,
        "order_id": "ord_bystander",
        "product_id": NUMBER,
        "name": "Bystander's",
        "quantity": 1,
        "amount": 5150,
    }
    request = price | {
        "id": "prq_bystander",
        "description": "Bystander's",
        "reference": "by-1",
        "line_items": [],
        "metadata": {},
        "created_by": "key_bystander",
        "expires_at": FAR,
        "created_at": THEN,
    }
    file = {"slug": "by-file", "filename": "by.txt", "media_type": "text/plain", "content": b"by"}
    purchase = price | {
        "id": "dig_bystander",
        "product_id": NUMBER,
        "customer_id": CUSTOMER,
        "status": "paid",
        "delivered_at": THEN,
        "downloads": 2,
        "created_at": THEN,
    }
    subscription = {
        "id": SUBSCRIPTION,
        "plan_id": NUMBER,
        "customer_id": CUSTOMER,
        "card_id": CARD,
        "status": "past_due",
        "anchor_day": 2,
        "current_start": dt.date(2098, 11, 2),
        "current_end": dt.date(2098, 12, 2),
        "billed_until": dt.date(2099, 1, 2),
        "balance": -100,
        "created_at": THEN,
    }
    period = price | {"subscription_id": SUBSCRIPTION, "description": "By", "created_at": THEN}
    paid = period | {
        "id": "per_bystander_paid",
        "start": dt.date(2098, 11, 2),
        "end": dt.date(2098, 12, 2),
        "paid_at": THEN,
        "decided_by_transaction_id": PAID,
    }
    failed = period | {
        "id": "per_bystander_failed",
        "start": dt.date(2098, 12, 2),
        "end": dt.date(2099, 1, 2),
        "failed_at": THEN,
        "step": 1,
        "next_try_at": FAR,
        "decided_by_transaction_id": RENEWAL,
    }
    return [
        (Product, [product | {"merchant_id": MERCHANT}]),
        (Order, [order]),
        (PaymentRequest, [request]),
        (OrderLine, [line]),
        (DigitalProduct, [thing | file | {"active": False}]),
        (DigitalPurchase, [purchase]),
        (Plan, [thing | {"slug": "by-plan", "active": False}]),
        (Subscription, [subscription]),
        (Period, [paid, failed]),
    ]
