"""subscriptions: something paid for again and again, each period once.

Owns:       plans, subscriptions, their periods, final bills and card changes (the payables), the
            calendar, proration, dunning, what an end settles.
Imports:    core, customers, gateway, payments.
Publishes:  nothing.
Subscribes: dispute.changed, payment.canceled, payment.completed, payment.failed, refund.canceled,
            refund.failed, refund.succeeded.
"""
