"""staff.disputes: disputes and their answers, and likely double payments.

Owns:       no table.
Imports:    accounts, attention, core, downloads, gateway, notices, orders, payments, staff,
            staff.payments.
Publishes:  nothing.
Subscribes: nothing.
"""
