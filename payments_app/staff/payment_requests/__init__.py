"""staff.payment_requests: links to pay, made by staff for a customer who owes something.

Owns:       no table.
Imports:    accounts, core, notices, payment_requests, payments, staff, staff.payments.
Publishes:  nothing.
Subscribes: nothing.
"""
