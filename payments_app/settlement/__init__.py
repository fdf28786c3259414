"""settlement: what a merchant is to get, by business day.

Owns:    settlement batches and their lines; the statement.
Imports: ledger, payments, merchants, accounts (who downloads), core.
Emits:   nothing.
Follows: payment.completed, refund.succeeded, .failed, .canceled, dispute.changed (a line each).
"""
