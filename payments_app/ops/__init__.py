"""ops: whether the product is well, for those who run it.

Owns:       health, metrics, the watch, what is done about dead letters and alerts, the setup and
            the check of our account at Stripe.
Imports:    accounts, attention, checkout, config, core, gateway, inbound, merchants, notices,
            orders, payments, reconcile.
Publishes:  nothing.
Subscribes: alert.raised.
"""
