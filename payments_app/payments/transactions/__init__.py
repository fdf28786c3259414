"""payments.transactions: one attempt to take money, from the request to Stripe's verdict.

Owns:       opening, charging, looking up, expiring and superseding a transaction; applying
            Stripe's state.
Imports:    core, gateway, merchants, payments, payments.connect.
Publishes:  payment.awaiting_bank, payment.canceled, payment.completed, payment.failed,
            payment.requires_action, payment.unknown.
Subscribes: payment.awaiting_bank, payment.requires_action, payment.unknown.
"""
