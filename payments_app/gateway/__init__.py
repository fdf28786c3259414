"""gateway: the only room that talks to Stripe, and the only one that imports its library.

Owns:    the client, the calls, how answers and errors are sorted, what declines mean.
Imports: core.
Emits:   nothing: it returns plain Answers and knows no transaction.
Follows: nothing.
"""
