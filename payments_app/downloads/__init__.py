"""downloads: digital goods, handed over the moment they are paid for.

Owns:       digital products, purchases of them (the payables), their links, the download counter.
Imports:    core, payments.
Publishes:  nothing.
Subscribes: payment.canceled, payment.completed, payment.failed.
"""
