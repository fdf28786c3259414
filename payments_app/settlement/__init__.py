"""settlement: what a merchant is to get, by business day, net of fees.

Owns:       settlement batches, their lines and the journals these are made of; the statement.
Imports:    accounts, core, ledger, merchants, payments.
Publishes:  nothing.
Subscribes: dispute.changed, ledger.posted, payment.completed, refund.canceled, refund.failed,
            refund.succeeded.
"""
