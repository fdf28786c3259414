"""ledger: what became of the money, in double entry, append-only.

Owns:    journals and their entries; the verbs that post them.
Imports: payments, core.
Emits:   nothing.
Follows: payment.completed (the capture); refund.succeeded, .failed, .canceled;
         dispute.changed.
"""
