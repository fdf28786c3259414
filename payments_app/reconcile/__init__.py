"""reconcile: compares Stripe with our own records, and repairs the differences.

Owns:       the sweep, the comparison of Stripe with all our books, its findings and fixes.
Imports:    core, gateway, ledger, merchants, notices, payments, settlement.
Publishes:  nothing.
Subscribes: nothing.
"""
