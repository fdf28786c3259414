"""staff.reconciliation: what differs between Stripe, payments and ledger, and its safe fixes.

Owns:       no table.
Imports:    staff.
Publishes:  nothing.
Subscribes: nothing.
"""
