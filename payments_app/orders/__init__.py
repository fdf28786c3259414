"""orders: products, and orders of them: the first payable.

Owns:       products, orders and their lines.
Imports:    accounts, config_checks, core, merchants, payments.
Publishes:  nothing.
Subscribes: dispute.changed, payment.canceled, payment.completed, payment.failed.
"""
