"""api: the door for other applications: they ask for payments, and read what became of them.

Owns:       nothing but its addresses under /api/v1.
Imports:    core, accounts (keys), merchants, payments, payment_requests, notices (events).
Publishes:  nothing.
Subscribes: nothing.
"""
