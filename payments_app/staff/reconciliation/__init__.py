"""staff.reconciliation: what differs between Stripe, payments and ledger, and its safe fixes.

Owns:       no table.
Imports:    accounts, core, gateway, reconcile, staff.
Publishes:  nothing.
Subscribes: nothing.
"""
