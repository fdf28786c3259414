"""ledger: what became of the money, in double entry, append-only.

Owns:    journals and their entries; Stripe's balance transactions; the verbs that post them.
Imports: payments, gateway, core.
Emits:   ledger.posted (a fee, or a merchant's share, beside the capture).
Follows: payment.completed (the capture, Stripe's fee); connect.recorded (a merchant's share);
         refund.succeeded, .failed, .canceled; dispute.changed.
"""
