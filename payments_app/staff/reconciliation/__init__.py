"""staff.reconciliation: what differs between the books, its safe fixes, and the payouts.

Owns:       no table.
Imports:    accounts, core, gateway, payments, reconcile, staff.
Publishes:  nothing.
Subscribes: nothing.
"""
