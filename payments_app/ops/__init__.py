"""ops: whether the product is well, for those who run it.

Owns:       health, metrics, the watch, what is done about dead letters and alerts.
Imports:    accounts, checkout, config, core, gateway, inbound, notices, payments.
Publishes:  nothing.
Subscribes: alert.raised.
"""
