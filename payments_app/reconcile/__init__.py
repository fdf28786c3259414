"""reconcile: finds what fell between two chairs, and puts it back on its way.

Owns:    the sweep, the comparison of Stripe, transactions and ledger, its findings and fixes.
Imports: ledger, payments, gateway, core.
Emits:   nothing.
Follows: nothing; the sweeper stages its rounds.
"""
