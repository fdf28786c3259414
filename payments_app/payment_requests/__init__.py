"""payment_requests: an amount that somebody is asked to pay, by another application or by staff.

Owns:       payment requests, customers of applications and the consents to charge their cards.
Imports:    accounts, core, customers, gateway, merchants, payments.
Publishes:  nothing.
Subscribes: dispute.changed, payment.failed.
"""
