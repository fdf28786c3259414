"""staff.payments: the list with its filters and search, one payment, and what staff may do with it.

Owns:       saved filters; pages and queries of payments.
Imports:    accounts, attention, core, customers, gateway, inbound, ledger, merchants, notices,
            orders, payment_requests, payments, reconcile, settlement, staff, staff.causes,
            staff.merchants, subscriptions.
Publishes:  nothing.
Subscribes: nothing.
"""
