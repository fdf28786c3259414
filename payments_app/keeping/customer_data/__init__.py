"""keeping.customer_data: all rows that are about one customer, by what they are about.

A place says where they are found, what a file for the customer tells of them, and what an erasure
cuts. A test holds every table of the product to be named here, or to be nobody's.

Owns:       the list of places.
Imports:    core, customers, downloads, keeping, notices, orders, payment_requests, payments,
            reconcile, staff, subscriptions.
Publishes:  nothing.
Subscribes: nothing.
"""

from __future__ import annotations

from payments_app.customers.models import Customer
from payments_app.keeping.customer_data.account import account
from payments_app.keeping.customer_data.applications import of_applications
from payments_app.keeping.customer_data.bought import bought
from payments_app.keeping.customer_data.disputes import disputes
from payments_app.keeping.customer_data.messages import messages
from payments_app.keeping.customer_data.payments import paid_by, payments
from payments_app.keeping.customer_data.place import DELETED, Place
from payments_app.keeping.customer_data.sign_ins import sign_ins

__all__ = ["DELETED", "Place", "paid_by", "places"]


def places(customer: Customer) -> tuple[Place, ...]:
    """Every place, by the customer as they are now."""
    parts = (account, sign_ins, of_applications, payments, disputes, bought, messages)
    return tuple(place for part in parts for place in part(customer))
