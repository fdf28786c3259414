"""keeping: what is known of one customer, as a file for them, and its erasure.

Owns:       erasures.
Imports:    checkout.
Publishes:  nothing.
Subscribes: nothing.
"""
