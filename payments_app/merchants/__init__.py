"""merchants: who is paid, and where they want to hear of it.

Owns:    merchants, their accounts at Stripe and the way to one (Connect), their webhook endpoints,
         the guard of the addresses that we call for them.
Imports: gateway, core, config.
Emits:   nothing.
Follows: nothing; its own messages wake its jobs.
"""
