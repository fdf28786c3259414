"""staff.customers: a customer's page, with the payment history.

Owns:       no table.
Imports:    staff.
Publishes:  nothing.
Subscribes: nothing.
"""
