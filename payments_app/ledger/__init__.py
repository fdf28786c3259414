"""ledger: what became of the money, in double entry, append-only.

Owns:       journals and their entries, their sums by day; Stripe's balance transactions; posting
            them.
Imports:    accounts, core, gateway, payments.
Publishes:  ledger.posted.
Subscribes: connect.recorded, dispute.changed, payment.completed, refund.canceled, refund.failed,
            refund.succeeded.
"""
