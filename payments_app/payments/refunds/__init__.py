"""payments.refunds: money given back, with states of its own.

Owns:       refunds and their states; requests, sending, reading again; whether a payment still
            entitles its buyer; likely double payments.
Imports:    payments, payments.connect, payments.disputes, payments.transactions, gateway, core.
Publishes:  refund.pending, .requires_action, .unknown, .succeeded, .failed, .canceled.
Subscribes: refund.pending, .requires_action, .unknown (look it up).
"""
