"""staff.payments: the list with its filters and search, one payment, and what staff may do with it.

Owns:       saved filters; pages and queries of payments.
Imports:    staff, many packages below.
Publishes:  nothing.
Subscribes: nothing.
"""
