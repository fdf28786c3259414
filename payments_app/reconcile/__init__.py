"""reconcile: finds what fell between two chairs, and puts it back on its way.

Owns:    the sweep.
Imports: core.
Emits:   nothing.
Follows: nothing.
"""
