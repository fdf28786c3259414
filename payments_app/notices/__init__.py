"""notices: what buyers and merchants are told: receipts, failure notices, webhooks.

Owns:    mails, webhook events, their deliveries and attempts.
Imports: payments, merchants, gateway (the words of a decline), core.
Emits:   nothing.
Follows: payment.completed (receipt, webhook), payment.failed (notice, webhook),
         payment.canceled, refund.succeeded, refund.failed (webhook).
"""
