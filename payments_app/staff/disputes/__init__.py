"""staff.disputes: disputes and likely double payments, with the time left to answer.

Owns:       no table.
Imports:    attention, core, gateway, payments, staff, staff.payments.
Publishes:  nothing.
Subscribes: nothing.
"""
