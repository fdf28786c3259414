"""merchants: who is paid, and where they want to hear of it.

Owns:    merchants, their webhook endpoints, the guard of the addresses that we call for them.
Imports: core, config.
Emits:   nothing.
Follows: nothing.
"""
