"""payments.disputes: money that a card's owner asks the bank to give back.

Owns:       disputes, as Stripe has them.
Imports:    payments, payments.connect, gateway, core.
Publishes:  dispute.changed.
Subscribes: nothing.
"""
