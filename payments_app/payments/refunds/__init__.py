"""payments.refunds: money given back, with states of its own.

Owns:       refunds and their states; requests, sending, reading again; whether a payment still
            entitles its buyer; likely double payments.
Imports:    core, gateway, payments, payments.connect, payments.disputes, payments.transactions.
Publishes:  refund.canceled, refund.failed, refund.pending, refund.requires_action,
            refund.succeeded, refund.unknown.
Subscribes: refund.pending, refund.requires_action, refund.unknown.
"""
