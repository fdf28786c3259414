"""payments: every attempt to take money, its states, and how each is brought to an end.

Owns:    transactions, payment records, refunds, disputes; the verbs open, charge, settle, look up,
         abandon, refund, retry.
Imports: merchants, gateway, core.
Emits:   payment.processing, .requires_action, .awaiting_bank, .unknown, .completed, .failed,
         .canceled; refund.<state>; dispute.changed.
Follows: refund.pending, .requires_action, .unknown; its own messages wake its jobs.
"""
