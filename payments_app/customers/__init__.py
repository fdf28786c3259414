"""customers: who pays.

Owns:    customers, and the verb that charges one.
Imports: payments, core.
Emits:   nothing.
Follows: payment.completed, .failed (the customer's payment status).
"""
