"""payments.retries: another attempt for a payment that failed, asked for by staff.

Owns:       whether a retry is possible, the request, the job; no table.
Imports:    core, gateway, payments, payments.connect, payments.transactions.
Publishes:  nothing.
Subscribes: nothing.
"""
