"""reconcile: compares Stripe with our own records, and repairs the differences.

Owns:       the sweep, the comparison of Stripe, transactions and ledger, its findings and fixes.
Imports:    core, gateway, ledger, merchants, payments, settlement.
Publishes:  nothing.
Subscribes: nothing.
"""
