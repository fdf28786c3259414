"""core: what every room stands on, without a business noun.

Owns:    the database session, money, clock, ids, history, outbox, bell, alerts, HTTP manners.
Imports: nothing of the house but config.
Emits:   nothing of its own; stores the messages that others stage.
Follows: nothing.
"""
