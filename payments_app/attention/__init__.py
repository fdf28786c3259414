"""attention: what is so with each payment and what needs somebody, kept as it changes.

Owns:       pay_work_items; the columns attention, need and need_by of a payment.
Imports:    core, notices, payments, reconcile.
Publishes:  nothing.
Subscribes: nothing.
"""
