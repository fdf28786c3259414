"""payments.connect: whose account a payment is made on, who is paid, and what that left at Stripe.

Owns:       the payee and the platform's fee of a payment; copies of Stripe's objects of a
            merchant's sale.
Imports:    core, gateway, merchants, payments, payments.refunds, payments.transactions.
Publishes:  connect.recorded.
Subscribes: refund.canceled, refund.failed, refund.succeeded.
"""
