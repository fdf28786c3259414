"""staff.members: who may sign in to the dashboard, and the audit of what they did.

Owns:       no table.
Imports:    staff.
Publishes:  nothing.
Subscribes: nothing.
"""
