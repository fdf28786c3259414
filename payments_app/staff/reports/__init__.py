"""staff.reports: orders, attempts, gross, net and reasons of failures by day.

Owns:       daily rows of payments, the deltas that they are made of, and daily figures.
Imports:    core, ledger, payments, staff, staff.payments.
Publishes:  nothing.
Subscribes: nothing.
"""
