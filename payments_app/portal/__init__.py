"""portal: a merchant's own pages: payments, statements, webhooks.

Owns:       the merchant's browser and its pages; no table.
Imports:    core, merchants, notices, payments, settlement.
Publishes:  nothing.
Subscribes: nothing.
"""
