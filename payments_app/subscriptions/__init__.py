"""subscriptions: something paid for again and again, each period once.

Owns:       plans, subscriptions, their periods (the payables), the calendar, proration, dunning.
Imports:    core, customers, gateway, payments.
Publishes:  nothing.
Subscribes: dispute.changed, payment.canceled, payment.completed, payment.failed, refund.canceled,
            refund.failed, refund.succeeded.
"""
