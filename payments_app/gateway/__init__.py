"""gateway: the only package that talks to Stripe, and the only one that imports its library.

Owns:       the client, the calls, how answers and errors are sorted, what declines mean.
Imports:    config, core.
Publishes:  nothing.
Subscribes: nothing.
"""
