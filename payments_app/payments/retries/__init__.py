"""payments.retries: another attempt for a payment that failed, asked for by staff.

Owns:       whether a retry is possible, the request, the job; no table.
Imports:    payments, payments.connect, payments.transactions, gateway, core.
Publishes:  nothing.
Subscribes: nothing.
"""
