"""inbound: what Stripe tells us.

Owns:    Stripe's events, each stored once by its id; POST /webhooks/stripe.
Imports: customers, payments, gateway, core.
Emits:   nothing of its own: it settles payments, and theirs follows.
Follows: nothing; its own messages wake its jobs.
"""
