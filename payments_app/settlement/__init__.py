"""settlement: what a merchant is to get, by business day, net of fees.

Owns:    settlement batches, their lines and the journals these are made of; the statement.
Imports: ledger, payments, merchants, accounts (who downloads), core.
Emits:   nothing.
Follows: payment.completed, ledger.posted, refund.succeeded, .failed, .canceled, dispute.changed
         (a line each).
"""
