"""subscriptions: something paid for again and again, each period once.

Owns:    plans, subscriptions, their periods (the payables), the calendar, proration, dunning.
Imports: customers, payments, gateway (what declines mean), core.
Emits:   notices.dunning, notices.subscription_ended, notices.trial_ending (mails).
Follows: payment.completed, .failed, .canceled; the schedule rings `subscriptions.sweep`.
"""
