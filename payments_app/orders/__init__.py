"""orders: products, and orders of them: the first payable.

Owns:    products, orders and their lines.
Imports: customers, payments, core.
Emits:   nothing yet.
Follows: payment.completed (the order is paid), payment.failed and .canceled (it is not).
"""
