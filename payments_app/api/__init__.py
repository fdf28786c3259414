"""api: the door for other applications: they ask for payments, and read what became of them.

Owns:       nothing but its addresses under /api/v1.
Imports:    accounts, core, customers, gateway, merchants, notices, payment_requests, payments.
Publishes:  nothing.
Subscribes: nothing.
"""
