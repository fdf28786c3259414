"""downloads: digital goods, handed over the moment they are paid for.

Owns:    digital products, purchases of them (the payables), their links, the download counter.
Imports: customers, payments, core.
Emits:   notices.download (the mail with the link).
Follows: payment.completed, .failed, .canceled.
"""
