"""accounts: who of the staff may do what.

Owns:       staff members, their sessions, and the count of failed sign-ins.
Imports:    core.
Publishes:  nothing.
Subscribes: nothing.
"""
