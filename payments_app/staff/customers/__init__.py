"""staff.customers: a customer's page, with the payment history.

Owns:       no table.
Imports:    accounts, core, customers, payment_requests, payments, staff, staff.payments,
            staff.subscriptions.
Publishes:  nothing.
Subscribes: nothing.
"""
