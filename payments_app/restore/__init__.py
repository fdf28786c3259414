"""restore: a database that was restored from a backup is brought to what Stripe knows.

Owns:       no table.
Imports:    core, gateway, inbound, merchants, payment_requests, payments, reconcile.
Publishes:  nothing.
Subscribes: nothing.
"""
