"""A stand-in for Stripe on localhost: its API v1, its webhooks and the part of Stripe.js we use.

Owns test accounts, one for each secret key, in memory or in a data directory.
Imports nothing from the application, nor the other way round: they meet over HTTP only.

It differs from Stripe knowingly: cards only, one capture of an intent, no search, no
`previous_attributes` in events; neither a refund nor a transfer is held against the available
balance; a parameter that it has not is refused as unknown even where Stripe has it.
"""

API_VERSION = "2026-10-28.endive"
