"""payments.transactions: one attempt to take money, from the request to Stripe's verdict.

Owns:       opening, charging, looking up, abandoning and superseding a transaction; applying
            Stripe's state.
Imports:    payments, payments.connect, merchants, gateway, core.
Publishes:  payment.processing, .requires_action, .awaiting_bank, .unknown, .completed, .failed,
            .canceled.
Subscribes: payment.requires_action (the check expires), .awaiting_bank, .unknown (look it up).
"""
