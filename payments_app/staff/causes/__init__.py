"""staff.causes: what happened to a payment, each thing below what caused it.

Owns:       nothing.
Imports:    accounts, core, gateway, ledger, merchants, notices, payment_requests, payments,
            reconcile, staff.
Publishes:  nothing.
Subscribes: nothing.
"""
