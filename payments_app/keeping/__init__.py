"""keeping: what is known of one customer, as a file for them, and its erasure.

Owns:       erasures.
Imports:    core, customers, downloads, gateway, notices, orders, payment_requests, payments,
            reconcile, staff, subscriptions.
Publishes:  nothing.
Subscribes: nothing.
"""
