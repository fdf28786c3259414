"""inbound: webhooks from Stripe, and the events that were missed.

Owns:       Stripe's events, each stored once by its id; POST /webhooks/stripe; which event
            destinations there must be.
Imports:    config, core, customers, gateway, merchants, payments.
Publishes:  nothing.
Subscribes: nothing.
"""
