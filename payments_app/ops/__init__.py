"""ops: whether the product is well, for those who run it.

Owns:    health, metrics, the watch, what is done about dead letters and alerts.
Imports: every room below; mails go out by the notices room's own connection.
Emits:   nothing; raises alerts.
Follows: alert.raised (a mail and a signed webhook to those who run it).
"""
