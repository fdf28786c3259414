"""checkout: the buyer's pages, from the shop to the thank-you.

Owns:       velocity fingerprints; starting a payment, the status of a transaction as its buyer
            reads it.
Imports:    core, customers, downloads, gateway, merchants, orders, payments, subscriptions.
Publishes:  nothing.
Subscribes: nothing.
"""
