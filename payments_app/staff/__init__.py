"""staff: the dashboard of those who help buyers, and have no access to Stripe.

Owns:    search indexes and daily roll-ups of payments; no state of a payment.
Imports: every room below: it reads them all, and asks their verbs for what staff want done.
Emits:   nothing.
Follows: nothing.
"""
