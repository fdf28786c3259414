"""staff.members: who may sign in to the dashboard, and the audit of what they did.

Owns:       no table.
Imports:    accounts, core, staff.
Publishes:  nothing.
Subscribes: nothing.
"""
