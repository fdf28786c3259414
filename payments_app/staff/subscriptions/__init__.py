"""staff.subscriptions: a subscription's page; pausing, resuming and ending it.

Owns:       no table.
Imports:    staff.
Publishes:  nothing.
Subscribes: nothing.
"""
