"""checkout: the buyer's pages, from the shop to the thank-you.

Owns:    no table; the verb `start`, the status of a transaction as its buyer reads it.
Imports: orders, subscriptions, downloads, customers, payments, gateway (what declines mean), core.
Emits:   nothing itself; opening a transaction stages its charge.
Follows: nothing: the pages read what the jobs wrote.
"""
