"""staff.subscriptions: a subscription's page; pausing, resuming and ending it.

Owns:       no table.
Imports:    accounts, core, customers, payments, staff, staff.payments, subscriptions.
Publishes:  nothing.
Subscribes: nothing.
"""
