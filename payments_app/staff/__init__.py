"""staff: the dashboard of those who help buyers, and have no access to Stripe.

Owns:       search indexes, daily counts of payments, saved filters; no state of a payment.
Imports:    accounts, attention, core, customers, downloads, gateway, inbound, ledger, merchants,
            notices, orders, payment_requests, payments, reconcile, settlement, subscriptions.
Publishes:  nothing.
Subscribes: nothing.
"""
