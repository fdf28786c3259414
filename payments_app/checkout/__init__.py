"""checkout: the buyer's pages, from the shop to the thank-you.

Owns:       velocity fingerprints; starting a payment, the status of a transaction as its buyer
            reads it.
Imports:    core, customers, gateway, merchants, payments.
Publishes:  nothing.
Subscribes: nothing.
"""
