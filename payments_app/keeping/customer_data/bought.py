"""What a customer bought, and what they were asked to pay for."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from payments_app.customers.models import Customer
from payments_app.downloads.models import DigitalPurchase
from payments_app.keeping.customer_data.payments import paid_by
from payments_app.keeping.customer_data.place import Place
from payments_app.keeping.cuts import nothing, without_persons
from payments_app.orders.line_models import OrderLine
from payments_app.orders.models import Order
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import PaymentRecord
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period


def bought(customer: Customer) -> tuple[Place, ...]:
    """What was bought stays: it says nothing once its buyer's row does not."""
    theirs = select(Order.id).where(Order.customer_id == customer.id)
    subscribed = select(Subscription.id).where(Subscription.customer_id == customer.id)
    requests = select(PaymentRecord.payable_id).where(
        PaymentRecord.payable_type == PaymentRequest.payable_type,
        PaymentRecord.transaction_id.in_(paid_by(customer.id)),
    )
    return (
        Place(
            Order,
            Order.customer_id == customer.id,
            ("id", "number", "status", "total", "currency", "created_at", "fulfilled_at"),
        ),
        Place(
            OrderLine, OrderLine.order_id.in_(theirs), ("order_id", "name", "quantity", "amount")
        ),
        Place(
            DigitalPurchase,
            DigitalPurchase.customer_id == customer.id,
            ("id", "product_id", "status", "amount", "currency", "downloads", "created_at"),
        ),
        Place(
            Subscription,
            Subscription.customer_id == customer.id,
            ("id", "plan_id", "status", "current_start", "current_end", "balance", "created_at"),
        ),
        Place(
            Period,
            Period.subscription_id.in_(subscribed),
            ("subscription_id", "start", "end", "amount", "currency", "description", "paid_at"),
        ),
        Place(
            PaymentRequest,
            or_(
                func.lower(PaymentRequest.email) == customer.email, PaymentRequest.id.in_(requests)
            ),
            # Not whom it asked: who has its link may pay it, and is told nobody else's address.
            ("id", "amount", "currency", "description", "reference", "line_items"),
            {
                "email": nothing,
                "return_url": nothing,
                "cancel_url": nothing,
                "labels": without_persons,
            },
        ),
    )
