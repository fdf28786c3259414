"""portal: a merchant's own pages: payments, statements, webhooks.

Owns:       the merchant's browser and its pages; no table.
Imports:    core, gateway, merchants, notices, payments, settlement.
Publishes:  nothing.
Subscribes: nothing.
"""
