"""payments: every attempt to take money, its states, and how each is brought to an end.

Owns:       transactions, payment records, refunds, disputes and their states; transactions/,
            refunds/, disputes/, retries/, connect/.
Imports:    core, gateway, merchants.
Publishes:  connect.recorded, dispute.changed, payment.awaiting_bank, payment.canceled,
            payment.completed, payment.failed, payment.requires_action, payment.unknown,
            refund.canceled, refund.failed, refund.pending, refund.requires_action,
            refund.succeeded, refund.unknown.
Subscribes: payment.awaiting_bank, payment.requires_action, payment.unknown, refund.canceled,
            refund.failed, refund.pending, refund.requires_action, refund.succeeded, refund.unknown.
"""
