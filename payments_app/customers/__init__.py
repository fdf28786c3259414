"""customers: who pays, and the cards that they have saved.

Owns:       customers, saved cards, charging a customer, who a browser is known to be.
Imports:    core, gateway, payments.
Publishes:  nothing.
Subscribes: payment.completed, payment.failed.
"""
