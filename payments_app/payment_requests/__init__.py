"""payment_requests: an amount that somebody is asked to pay, by another application or by staff.

Owns:       payment requests, customers of applications and the consents to charge their cards.
Imports:    core, customers, gateway, payments.
Publishes:  nothing.
Subscribes: nothing.
"""
