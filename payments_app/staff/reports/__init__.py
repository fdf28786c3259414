"""staff.reports: success rate, volume and reasons of failures by day.

Owns:       daily rows of payments, and the deltas that they are made of.
Imports:    core, payments, staff, staff.payments.
Publishes:  nothing.
Subscribes: nothing.
"""
