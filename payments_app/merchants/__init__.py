"""merchants: who is paid, and where their webhooks go.

Owns:       merchants, their accounts at Stripe and the way to one (Connect), their webhook
            endpoints, the guard of the addresses that we call for them.
Imports:    config_checks, core, gateway.
Publishes:  nothing.
Subscribes: nothing.
"""
