"""core: what every package stands on, without a business noun.

Owns:       money, history, alerts, logs, Flask extensions; db/, jobs/ and web/.
Imports:    config_checks.
Publishes:  alert.raised.
Subscribes: nothing.
"""
