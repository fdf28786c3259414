"""payment_requests: an amount that somebody is asked to pay, by another application or by staff.

Owns:       payment requests.
Imports:    core, payments.
Publishes:  nothing.
Subscribes: nothing.
"""
