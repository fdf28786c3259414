"""customers: who pays, and the cards that they have saved.

Owns:    customers, saved cards, the verb that charges a customer, who a browser is known to be.
Imports: payments, gateway, core.
Emits:   customers.link_asked (a mail with a link that makes a browser known).
Follows: payment.completed (the card to keep), .completed and .failed (the payment status).
"""
