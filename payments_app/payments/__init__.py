"""payments: every attempt to take money, its states, and how each is brought to an end.

Owns:    transactions, payment records; the verbs open, charge, settle, look up, abandon.
Imports: merchants, gateway, core.
Emits:   payment.processing, .requires_action, .awaiting_bank, .unknown, .completed, .failed,
         .canceled.
Follows: nothing; its own messages wake its jobs.
"""
