"""payments.disputes: money that a card's owner asks the bank to give back.

Owns:       disputes, as Stripe has them; what the bank is answered, and its files.
Imports:    core, gateway, payments, payments.connect, payments.transactions.
Publishes:  dispute.changed.
Subscribes: nothing.
"""
