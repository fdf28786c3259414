"""portal: a merchant's own pages: payments, statements, webhooks.

Owns:    the merchant's browser and its pages; no table.
Imports: notices, settlement, payments, merchants, core.
Emits:   nothing.
Follows: nothing; it stages the mail with the way in.
"""
