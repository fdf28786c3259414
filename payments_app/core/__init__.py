"""core: what every package stands on, without a business noun.

Owns:       money, history, alerts, logs, Flask extensions; db/, jobs/ and web/.
Imports:    nothing.
Publishes:  alert.raised.
Subscribes: nothing.
"""
