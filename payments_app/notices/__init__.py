"""notices: what buyers and merchants are told: receipts, failure notices, webhooks.

Owns:       mails, webhook events, their deliveries and attempts.
Imports:    core, customers, downloads, gateway, merchants, payment_requests, payments,
            subscriptions.
Publishes:  nothing.
Subscribes: dispute.changed, payment.canceled, payment.completed, payment.failed, refund.canceled,
            refund.failed, refund.pending, refund.requires_action, refund.succeeded.
"""
