"""staff.disputes: disputes and likely double payments, with the time left to answer.

Owns:       no table.
Imports:    core, gateway, payments, staff.
Publishes:  nothing.
Subscribes: nothing.
"""
