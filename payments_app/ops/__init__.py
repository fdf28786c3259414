"""ops: whether the product is well, for those who run it.

Owns:    health and readiness.
Imports: core.
Emits:   nothing.
Follows: nothing.
"""
